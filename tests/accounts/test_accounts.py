from __future__ import annotations

import pickle
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_login_failed
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import ProtectedError, RestrictedError
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts, keys, presence, sessions, signals
from django_simple_auth.accounts.fields import AccountFields
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import (
    AccountDisabled,
    AccountInUse,
    EmailTaken,
    InvalidCredentials,
    InvalidValue,
    SimpleAuthError,
    TokenInvalid,
    TooManyAttempts,
    UnknownUser,
    UsernameTaken,
    ValidationErrors,
    WrongCurrentPassword,
    WrongPassword,
)
from django_simple_auth.identity import identifiers, user_model
from django_simple_auth.mail import known_devices
from django_simple_auth.models import AuthToken, Identifier, KnownDevice, OneTimeToken, Presence
from tests.support.client import PASSWORD

User = get_user_model()


def register(username: str = "ann", email: str = "ann@example.com", password: str = PASSWORD, **more: Any) -> Any:
    return accounts.register(username=username, email=email, password=password, **more)


def causes(refused: pytest.ExceptionInfo[ValidationErrors]) -> set[tuple[type, str | None]]:
    return {(type(fault), fault.field) for fault in refused.value.errors}


def test_refusals_say_why_and_can_be_sent_to_another_process(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        register(username="bob", email="bob@example.com", password="1234567")
    copy = pickle.loads(pickle.dumps(refused.value))
    assert str(copy) == str(refused.value)
    assert "A user with that username already exists." in str(copy)
    assert "This password is too short." in str(copy)


@pytest.mark.parametrize(
    ("case", "cause"),
    [
        ("unknown", UnknownUser),
        ("wrong", WrongPassword),
        ("disabled", AccountDisabled),
        ("disabled, wrong", WrongPassword),
    ],
)
def test_causes_are_told_apart_on_demand_at_equal_effort(user: Any, hashings: list[str], case: str, cause: Any):
    User.objects.update(is_active="disabled" not in case)
    hashings.clear()
    with CaptureQueriesContext(connection) as queries, pytest.raises(cause):
        accounts.authenticate(
            username="nobody" if case == "unknown" else "bob",
            password="wrong" if "wrong" in case else PASSWORD,
            disclose_cause=True,
        )
    assert (len(queries), len(hashings)) == (2, 2)


def test_an_email_logs_in_whoever_has_it_in_any_spelling(user: Any):
    assert accounts.authenticate(email="BOB@Example.com", password=PASSWORD) == user
    with pytest.raises(InvalidCredentials):
        accounts.authenticate(email="nobody@example.com", password=PASSWORD)


@pytest.mark.parametrize(
    ("allowed", "typed", "enters"),
    [
        ([], "bob", True),
        ([], "bob@example.com", False),
        (["username"], "BOB", True),
        (["username"], "bob@example.com", False),
        (["email"], "BOB@example.com", True),
        (["email"], "bob", False),
        (["username", "email"], "bob", True),
        (["username", "email"], "Bob@Example.com", True),
        (["username", "email"], "nobody", False),
    ],
)
def test_the_host_says_what_people_may_log_in_with(user: Any, settings: Any, allowed: Any, typed: str, enters: bool):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": allowed}
    with nullcontext() if enters else pytest.raises(InvalidCredentials):
        assert accounts.authenticate(username=typed, password=PASSWORD) == user


def test_nobody_is_kept_out_by_a_user_name_that_is_his_address(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("bob@example.com", "other@example.com", "another")
    assert accounts.authenticate(username="bob@example.com", password=PASSWORD) == user


@pytest.fixture
def _both(settings: Any) -> None:
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"], "THROTTLE_RATES": {}}


@pytest.mark.usefixtures("_both")
def test_a_user_name_from_before_that_looks_like_an_address_stays_its_owners(db: None):
    carl = User.objects.create_user("carl@corp.example", "carl@home.example", PASSWORD)
    with pytest.raises(ValidationErrors) as refused:
        register("eve", "CARL@corp.example")
    assert causes(refused) == {(EmailTaken, "email")}
    assert accounts.authenticate(username="carl@corp.example", password=PASSWORD) == carl


@pytest.mark.usefixtures("_both")
def test_nobody_is_called_by_an_address_that_is_not_his_own(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        register("bob@example.com", "eve@example.com")
    assert causes(refused) == {(InvalidValue, "username")}
    with pytest.raises(ValidationErrors):
        accounts.update(user, username="eve@example.com")
    assert accounts.update(user, username="BOB@example.com").username == "BOB@example.com"
    assert register("ann@example.com", "ann@example.com")


def test_where_only_one_of_them_is_typed_a_user_name_may_look_like_anything(db: None):
    assert register("bob@example.com", "eve@example.com")


def test_old_users_of_one_address_are_no_error(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("second", "bob@example.com", "another password")
    assert accounts.authenticate(username="bob@example.com", password=PASSWORD) == user


def test_the_right_password_opens_the_account(user: Any):
    assert accounts.authenticate(username="bob", password=PASSWORD) == user


def test_a_username_is_normalized_as_it_was_at_registration(db: None):
    registered = register(username="ａｎｎ")
    assert registered.username == "ann"
    assert accounts.authenticate(username="ａｎｎ", password=PASSWORD) == registered


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each run of the password hasher."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    runs = []
    real = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        runs.append(salt)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return runs


@pytest.mark.parametrize("case", ["unknown user", "wrong password", "inactive", "unusable password"])
def test_every_refused_login_looks_and_costs_the_same(user: Any, hashings: list[str], case: str):
    username, password = "bob", PASSWORD
    if case == "unknown user":
        username = "nobody"
    if case == "wrong password":
        password = "wrong"
    if case == "inactive":
        User.objects.update(is_active=False)
    if case == "unusable password":
        user.set_unusable_password()
        user.save()
    hashings.clear()
    with CaptureQueriesContext(connection) as queries, pytest.raises(InvalidCredentials) as refused:
        accounts.authenticate(username=username, password=password)
    assert type(refused.value) is InvalidCredentials
    assert (len(queries), len(hashings)) == (1, 1)


@pytest.mark.parametrize("case", ["unknown user", "wrong password", "never proved"])
def test_where_nobody_is_to_know_who_is_there_a_missing_proof_looks_and_costs_the_same(
    user: Any, settings: Any, hashings: list[str], case: str
):
    settings.SIMPLE_AUTH = {"REGISTRATION": "verify_first"}
    username, password = "bob", PASSWORD
    if case == "unknown user":
        username = "nobody"
    if case == "wrong password":
        password = "wrong"
    hashings.clear()
    with CaptureQueriesContext(connection) as queries, pytest.raises(InvalidCredentials) as refused:
        accounts.authenticate(username=username, password=password)
    assert type(refused.value) is InvalidCredentials
    assert (len(queries), len(hashings)) == (2, 1)


def test_a_backend_that_lets_the_inactive_in_does_not_open_the_account(user: Any, settings: Any):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
    User.objects.update(is_active=False)
    with pytest.raises(InvalidCredentials):
        accounts.authenticate(username="bob", password=PASSWORD)


def test_a_refused_login_is_told_to_the_host_without_the_password(user: Any, rf: Any):
    heard = []

    def failed(credentials: Any, request: Any, **kwargs: Any) -> None:
        heard.append((credentials["username"], PASSWORD in str(credentials), request))

    user_login_failed.connect(failed)
    request = rf.post("/")
    try:
        with pytest.raises(InvalidCredentials):
            accounts.authenticate(username="nobody", password=PASSWORD, request=request)
    finally:
        user_login_failed.disconnect(failed)
    assert heard == [("nobody", False, request)]


def test_what_is_given_changes_and_all_else_stays(user: Any):
    User.objects.update(last_name="Builder")
    user.refresh_from_db()
    updated = accounts.update(user, first_name="Robert", last_name="")
    stored = User.objects.get()
    for seen in (updated, stored):
        assert (seen.username, seen.first_name, seen.last_name, seen.email) == ("bob", "Robert", "", "bob@example.com")


def test_a_change_does_not_write_what_somebody_else_has_changed_meanwhile(user: Any):
    User.objects.update(is_staff=True, last_name="Builder")
    accounts.update(user, first_name="Robert")
    stored = User.objects.get()
    assert (stored.is_staff, stored.last_name) == (True, "Builder")


def test_a_user_may_spell_his_own_name_otherwise_or_give_it_up(user: Any):
    assert accounts.update(user, username="Ｂｏｂ").username == "Bob"
    accounts.update(User.objects.get(), username="robert")
    assert identifiers.holder("username", "Robert") == user
    assert register(username="bob").username == "bob"


def test_what_is_as_it_was_costs_no_query(user: Any):
    with CaptureQueriesContext(connection) as queries:
        assert accounts.update(user, username="bob", first_name="") is user
        assert accounts.update(user) is user
    assert len(queries) == 0


@pytest.mark.parametrize("variant", ["ann", "ANN", "ａｎｎ"])
def test_a_name_that_is_taken_cannot_be_changed_to(user: Any, variant: str):
    register()
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username=variant, first_name="x" * 151)
    assert causes(refused) == {(UsernameTaken, "username"), (InvalidValue, "first_name")}
    assert user.username == "bob"
    assert User.objects.get(pk=user.pk).username == "bob"


@pytest.mark.parametrize("value", ["", "not a name", "zero\u200bwidth", "a" * 151])
def test_the_models_own_validators_decide_on_changes_too(user: Any, value: str):
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username=value)
    assert causes(refused) == {(InvalidValue, "username")}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("is_active", False),
        ("is_staff", True),
        ("is_superuser", True),
        ("email", "eve@example.com"),
        ("password", "x"),
        ("id", 7),
        ("pk", 7),
        ("groups", [1]),
        ("shoe_size", 43),
    ],
)
def test_what_users_may_not_change_is_ignored(user: Any, name: str, value: Any):
    before = User.objects.values().get()
    assert accounts.update(user, **{name: value}) is user
    assert User.objects.values().get() == before


def test_any_other_column_of_the_model_is_changed(user: Any):
    joined = user.date_joined - timedelta(days=1)
    assert accounts.update(user, date_joined=joined, shoe_size=43).date_joined == joined
    assert User.objects.get().date_joined == joined


def test_a_column_is_changed_only_to_what_the_model_accepts(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, date_joined="yesterday")
    assert causes(refused) == {(InvalidValue, "date_joined")}


def test_a_username_that_is_the_email_address_is_not_changed_without_proof(user: Any, monkeypatch: Any):
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")
    monkeypatch.setattr(user_model, "username_field", lambda: "email")
    assert not user_model.is_changeable("username")
    accounts.update(user, username="eve@example.com", first_name="Bob")
    stored = User.objects.get()
    assert (stored.email, stored.first_name) == ("bob@example.com", "Bob")


@pytest.mark.parametrize("rival", ["ann", "ANN"])
def test_a_rival_who_takes_the_name_between_look_and_write_wins(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, rival: str
):
    user = User.objects.create_user("bob", "bob@example.com")
    real = AccountFields.errors

    def look_and_be_late(details: AccountFields) -> Any:
        found = real(details)
        monkeypatch.setattr(AccountFields, "errors", real)
        User.objects.create_user(rival, "other@example.com")
        return found

    monkeypatch.setattr(AccountFields, "errors", look_and_be_late)
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username="ann")
    assert causes(refused) == {(UsernameTaken, "username")}
    assert user.username == User.objects.get(pk=user.pk).username == "bob"
    assert identifiers.holder("username", "bob") == user


def test_a_name_from_behind_our_back_is_refused_by_the_models_own_index(user: Any):
    User.objects.bulk_create([User(username="ann")])
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username="ann")
    assert causes(refused) == {(UsernameTaken, "username")}


def test_whoever_never_held_his_old_email_can_change_his_name_all_the_same(user: Any):
    User.objects.bulk_create([User(username="twin", email="bob@example.com")])
    twin = User.objects.get(username="twin")
    assert accounts.update(twin, username="tom").username == "tom"


@pytest.mark.parametrize("error", [IntegrityError, DatabaseError])
def test_an_error_of_another_cause_during_a_change_is_the_hosts_to_see(user: Any, monkeypatch: Any, error: Any):
    def fail(self: Any, **values: Any) -> None:
        raise error("host's own")

    monkeypatch.setattr(User, "save", fail)
    with pytest.raises(error, match="host's own"):
        accounts.update(user, first_name="Robert")


def test_whoever_was_deleted_meanwhile_changes_nothing(user: Any):
    User.objects.all().delete()
    with pytest.raises(TokenInvalid):
        accounts.update(user, first_name="Robert")
    assert not User.objects.exists()


def owned(user: Any) -> None:
    sessions.start(user)
    keys.create(user)
    presence.start(user)
    known_devices.remember(user, "phone")
    at = system_clock.now()
    OneTimeToken.objects.create(
        user=user, purpose="reset", email=user.email, digest=b"x" * 32, created_at=at, expires_at=at
    )


def test_an_account_ends_with_all_that_it_owns_and_its_names_are_free(user: Any):
    owned(user)
    accounts.delete(user, PASSWORD)
    for model in (User, AuthToken, KnownDevice, OneTimeToken, Presence, Identifier):
        assert not model._base_manager.exists()
    assert register(username="bob", email="bob@example.com")


def test_whoever_is_told_of_an_end_hears_whose_it_was(user: Any):
    heard = []

    def hear(user: Any, **kwargs: Any) -> None:
        heard.append(user.pk)

    signals.deleted.connect(hear)
    try:
        accounts.delete(user, PASSWORD)
    finally:
        signals.deleted.disconnect(hear)
    assert heard == [user.pk]
    assert user.pk is not None


@pytest.mark.parametrize("password", ["wrong", "", f" {PASSWORD}"])
def test_an_account_does_not_end_without_its_password(user: Any, password: str):
    owned(user)
    with pytest.raises(WrongCurrentPassword) as refused:
        accounts.delete(user, password)
    assert refused.value.field == "current_password"
    assert AuthToken.objects.count() == 2


def test_a_stolen_login_is_no_place_to_guess_the_password_at(user: Any, settings: Any, hashings: list[str]):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"current_password": "2/min"}}
    for _ in range(2):
        with pytest.raises(WrongCurrentPassword):
            accounts.delete(user, "wrong")
    hashings.clear()
    with pytest.raises(TooManyAttempts):
        accounts.delete(user, PASSWORD)
    assert hashings == []
    assert User.objects.exists()


@pytest.fixture
def meanwhile(monkeypatch: Any) -> Any:
    """Something happens each time between the look at the password and the lock on it."""

    def happens(what: Any) -> None:
        real = user_model.lock

        def be_late(*args: Any, **unchanged: Any) -> bool:
            what()
            return real(*args, **unchanged)

        monkeypatch.setattr(user_model, "lock", be_late)

    return happens


def test_a_password_that_was_changed_meanwhile_ends_nothing(user: Any, meanwhile: Any):
    meanwhile(lambda: User.objects.update(password="another"))
    with pytest.raises(WrongCurrentPassword):
        accounts.delete(user, PASSWORD)
    assert User.objects.exists()


def test_an_account_that_is_gone_already_has_no_password(user: Any, meanwhile: Any):
    meanwhile(lambda: User.objects.all().delete())
    with pytest.raises(WrongCurrentPassword):
        accounts.delete(user, PASSWORD)


def test_a_better_hash_of_the_same_password_is_the_same_password(user: Any, meanwhile: Any):
    better = [make_password(PASSWORD)]
    meanwhile(lambda: better and User.objects.update(password=better.pop()))
    accounts.delete(user, PASSWORD)
    assert not User.objects.exists()


def test_a_hash_that_never_rests_ends_nothing(user: Any, meanwhile: Any):
    meanwhile(lambda: User.objects.update(password=make_password(PASSWORD)))
    with pytest.raises(WrongCurrentPassword):
        accounts.delete(user, PASSWORD)
    assert User.objects.exists()


class NotYet(SimpleAuthError):
    code = "not_yet"
    message = "There are unpaid bills."


def refuse(user: Any) -> None:
    user.first_name = "gone"
    user.save()
    raise NotYet


def anonymise(user: Any) -> None:
    user.username, user.email = f"deleted-{user.pk}", ""
    user.set_unusable_password()
    user.save()


def test_a_host_may_refuse_and_then_nothing_has_happened(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.accounts.test_accounts.refuse", "THROTTLE_RATES": {}}
    owned(user)
    with pytest.raises(SimpleAuthError, match="unpaid bills"):
        accounts.delete(user, PASSWORD)
    assert User.objects.get().first_name == ""
    assert AuthToken.objects.count() == 2


def test_a_host_may_anonymise_and_nothing_opens_what_remains(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.accounts.test_accounts.anonymise", "THROTTLE_RATES": {}}
    owned(user)
    accounts.delete(user, PASSWORD)
    assert User.objects.get().username == f"deleted-{user.pk}"
    for model in (AuthToken, KnownDevice, OneTimeToken, Presence):
        assert not model._base_manager.exists()
    assert register(username="bob", email="bob@example.com")


@pytest.mark.parametrize("error", [ProtectedError, RestrictedError])
def test_an_account_that_the_hosts_records_protect_is_refused(user: Any, monkeypatch: Any, error: Any):
    def protect(self: Any) -> None:
        raise error("orders", {self})

    monkeypatch.setattr(User, "delete", protect)
    owned(user)
    with pytest.raises(AccountInUse):
        accounts.delete(user, PASSWORD)
    assert AuthToken.objects.count() == 2
