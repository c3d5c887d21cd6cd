from __future__ import annotations

import pickle
from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_login_failed
from django.db import DatabaseError, IntegrityError, connection
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts, events, identifiers, keys, presence, sessions, tokens, users
from django_simple_auth.models import AuthToken, Identifier, MailedSecret, Presence
from django_simple_auth.refusals import (
    AccountDisabled,
    AccountInUse,
    EmailTaken,
    InvalidCredentials,
    InvalidValue,
    LimitExceeded,
    Refused,
    Several,
    TokenInvalid,
    UnknownUser,
    UsernameTaken,
    WrongCurrentPassword,
    WrongPassword,
)
from tests.client import PASSWORD

User = get_user_model()


def register(username: str = "ann", email: str = "ann@example.com", password: str = PASSWORD, **more: Any) -> Any:
    return accounts.register(username=username, email=email, password=password, **more)


def causes(refused: pytest.ExceptionInfo[Several]) -> set[tuple[type, str | None]]:
    return {(type(fault), fault.field) for fault in refused.value.faults}


def test_an_account_is_made_by_the_models_own_manager(db: None):
    user = register(email="Ann@EXAMPLE.com", first_name="Ann")
    user.refresh_from_db()
    assert (user.username, user.email, user.first_name) == ("ann", "Ann@example.com", "Ann")
    assert user.check_password(PASSWORD)
    assert user.is_active
    assert not user.is_staff


@pytest.mark.parametrize("variant", ["bob", "BOB", "ｂｏｂ", "Ｂob"])
def test_a_username_is_taken_in_every_spelling(user: Any, variant: str):
    with pytest.raises(Several) as refused:
        register(username=variant)
    assert causes(refused) == {(UsernameTaken, "username")}


@pytest.mark.parametrize("variant", ["bob@example.com", "BOB@EXAMPLE.COM", "Bob@Example.com"])
def test_an_email_is_taken_in_every_spelling(user: Any, variant: str):
    with pytest.raises(Several) as refused:
        register(email=variant)
    assert causes(refused) == {(EmailTaken, "email")}


def test_all_faults_are_told_at_once(user: Any):
    with pytest.raises(Several) as refused:
        register(username="bob", email="bob@example.com", password="123")
    assert causes(refused) == {(UsernameTaken, "username"), (EmailTaken, "email"), (InvalidValue, "password")}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", ""),
        ("username", "not a name"),
        ("username", "zero\u200bwidth"),
        ("username", "\u202ebob"),
        ("username", "a" * 151),
        ("username", "\ufdfa" * 150),
        ("email", "nowhere"),
        ("first_name", "n" * 151),
    ],
)
def test_the_models_own_validators_decide_on_values(db: None, field: str, value: str):
    with pytest.raises(Several) as refused:
        register(**{field: value})
    assert causes(refused) == {(InvalidValue, field)}
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short1", "password123", "84736251049", "annabella"])
def test_the_hosts_password_validators_decide(db: None, password: str):
    with pytest.raises(Several) as refused:
        register(username="annabella", password=password)
    assert causes(refused) == {(InvalidValue, "password")}


def test_an_email_may_be_missing_where_the_model_allows_it(db: None):
    accounts.register(username="ann", password=PASSWORD)
    accounts.register(username="eve", password=PASSWORD)
    assert User.objects.filter(email="").count() == 2


def test_a_value_that_is_no_field_is_for_the_manager_to_judge(db: None):
    with pytest.raises(TypeError):
        register(shoe_size=43)


def test_faults_judges_only_what_it_is_given(user: Any):
    assert accounts.faults() == []
    assert [type(fault) for fault in accounts.faults(email="bob@example.com")] == [EmailTaken]


def test_a_rival_who_commits_between_look_and_write_wins(transactional_db: None, monkeypatch: pytest.MonkeyPatch):
    real = accounts._against

    def look_and_be_late(*values: Any) -> Any:
        found = real(*values)
        monkeypatch.setattr(accounts, "_against", real)
        User.objects.create_user("rival", "ann@example.com")
        return found

    monkeypatch.setattr(accounts, "_against", look_and_be_late)
    with pytest.raises(Several) as refused:
        register()
    assert causes(refused) == {(EmailTaken, "email")}
    assert User.objects.get().username == "rival"


def test_a_rival_of_the_same_username_wins_by_the_models_own_index(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
):
    real = accounts._against

    def look_and_be_late(*values: Any) -> Any:
        found = real(*values)
        monkeypatch.setattr(accounts, "_against", real)
        User.objects.create_user("ann", "other@example.com")
        return found

    monkeypatch.setattr(accounts, "_against", look_and_be_late)
    with pytest.raises(Several) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}
    assert User.objects.get().email == "other@example.com"


def test_an_integrity_error_of_another_cause_is_the_hosts_to_see(db: None, monkeypatch: pytest.MonkeyPatch):
    def fail(**values: Any) -> None:
        raise IntegrityError("host's own constraint")

    monkeypatch.setattr(User.objects, "create_user", fail)
    with pytest.raises(IntegrityError, match="host's own"):
        register()


@pytest.mark.parametrize("how", ["bulk", "renamed"])
def test_a_username_that_came_behind_our_back_is_taken_all_the_same(user: Any, how: str):
    if how == "bulk":
        User.objects.bulk_create([User(username="ann")])
    else:
        User.objects.update(username="ann")
    with pytest.raises(Several) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}


def test_a_user_whom_the_default_manager_hides_has_his_name_all_the_same(db: None, monkeypatch: Any):
    User.objects.bulk_create([User(username="ann")])
    monkeypatch.setattr(type(User.objects), "get_queryset", lambda self: QuerySet(User).none())
    with pytest.raises(Several) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}


def test_a_name_that_only_the_database_calls_equal_is_taken_there_and_free_elsewhere(db: None):
    register(username="jose", email="a@example.com")
    if connection.vendor == "mysql":  # pragma: no cover
        with pytest.raises(Several) as refused:
            register(username="josé", email="b@example.com")
        assert causes(refused) == {(UsernameTaken, "username")}
    else:
        register(username="josé", email="b@example.com")


def test_another_unique_field_is_refused_under_its_own_name(user: Any, monkeypatch: Any):
    # Not ``_unique``: what Django has cached of that would outlive the test.
    monkeypatch.setattr(User._meta.get_field("first_name"), "unique", True)
    User.objects.update(first_name="Bob")

    def clash(**values: Any) -> None:
        raise IntegrityError("UNIQUE constraint failed: first_name")

    monkeypatch.setattr(User.objects, "create_user", clash)
    with pytest.raises(Several) as refused:
        register(first_name="Bob")
    assert causes(refused) == {(InvalidValue, "first_name")}
    assert str(refused.value) == "User with this First name already exists."


class ReadsElsewhere:
    """A router as for a primary with replicas; the replica is not even there."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        raise AssertionError(f"{model} was read from a replica.")


def test_what_decides_is_never_read_from_a_replica(db: None, settings: Any):
    settings.DATABASE_ROUTERS = ["tests.test_accounts.ReadsElsewhere"]
    settings.SIMPLE_AUTH = {"TOKENS_PER_USER": 1}
    registered = register()
    with pytest.raises(Several):
        register()
    sessions.start(registered)
    issued = sessions.start(registered)
    assert sessions.resume(issued.secret).user == registered
    assert AuthToken.objects.using("default").count() == 1
    assert list(sessions.clear_expired()) == []


def test_refusals_say_why_and_can_be_sent_to_another_process(user: Any):
    with pytest.raises(Several) as refused:
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
            explain=True,
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
    settings.SIMPLE_AUTH = {"LOGIN_WITH": allowed}
    with nullcontext() if enters else pytest.raises(InvalidCredentials):
        assert accounts.authenticate(username=typed, password=PASSWORD) == user


def test_nobody_is_kept_out_by_a_user_name_that_is_his_address(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_WITH": ["username", "email"]}
    register(username="bob@example.com", email="other@example.com")
    assert accounts.authenticate(username="bob@example.com", password=PASSWORD) == user


def test_old_users_of_one_address_are_no_error(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_WITH": ["username", "email"]}
    User.objects.create_user("second", "bob@example.com", "another password")
    assert accounts.authenticate(username="bob@example.com", password=PASSWORD) == user


def test_a_username_nobody_is_asked_for_is_made_up(db: None):
    first = accounts.register(email="a@example.com", password=PASSWORD)
    second = accounts.register(email="b@example.com", password=PASSWORD)
    assert len({first.username, second.username, ""}) == 3


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


def test_registering_costs_two_looks_and_two_writes(transactional_db: None):
    with CaptureQueriesContext(connection) as queries:
        register()
    verbs = [query["sql"].split()[0] for query in queries]
    assert [verb for verb in verbs if verb in {"SELECT", "INSERT"}] == ["SELECT", "INSERT", "INSERT", "SELECT"]


def test_a_name_freed_behind_our_back_can_be_had(user: Any):
    User.objects.update(username="robert", email="robert@example.com")
    register(username="bob", email="bob@example.com")
    assert identifiers.holder("username", "robert") == user


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
    with pytest.raises(Several) as refused:
        accounts.update(user, username=variant, first_name="x" * 151)
    assert causes(refused) == {(UsernameTaken, "username"), (InvalidValue, "first_name")}
    assert user.username == "bob"
    assert User.objects.get(pk=user.pk).username == "bob"


@pytest.mark.parametrize("value", ["", "not a name", "zero\u200bwidth", "a" * 151])
def test_the_models_own_validators_decide_on_changes_too(user: Any, value: str):
    with pytest.raises(Several) as refused:
        accounts.update(user, username=value)
    assert causes(refused) == {(InvalidValue, "username")}


def test_nothing_else_can_be_changed(user: Any):
    for name in ["is_staff", "email", "password", "id"]:
        with pytest.raises(TypeError):
            accounts.update(user, **{name: "x"})  # type: ignore[arg-type]


def test_a_username_that_is_the_email_address_is_not_changed_without_proof(user: Any, monkeypatch: Any):
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")
    monkeypatch.setattr(users, "name_field", lambda: "email")
    assert users.profile() == {"first_name": "first_name", "last_name": "last_name"}
    accounts.update(user, username="eve@example.com", first_name="Bob")
    stored = User.objects.get()
    assert (stored.email, stored.first_name) == ("bob@example.com", "Bob")


@pytest.mark.parametrize("rival", ["ann", "ANN"])
def test_a_rival_who_takes_the_name_between_look_and_write_wins(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, rival: str
):
    user = User.objects.create_user("bob", "bob@example.com")
    real = accounts._faults

    def look_and_be_late(*args: Any) -> Any:
        found = real(*args)
        monkeypatch.setattr(accounts, "_faults", real)
        User.objects.create_user(rival, "other@example.com")
        return found

    monkeypatch.setattr(accounts, "_faults", look_and_be_late)
    with pytest.raises(Several) as refused:
        accounts.update(user, username="ann")
    assert causes(refused) == {(UsernameTaken, "username")}
    assert user.username == User.objects.get(pk=user.pk).username == "bob"
    assert identifiers.holder("username", "bob") == user


def test_a_name_from_behind_our_back_is_refused_by_the_models_own_index(user: Any):
    User.objects.bulk_create([User(username="ann")])
    with pytest.raises(Several) as refused:
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
    presence.enter(user)
    at = tokens.now()
    MailedSecret.objects.create(
        user=user, purpose="reset", address=user.email, digest=b"x" * 32, created_at=at, expires_at=at
    )


def test_an_account_ends_with_all_that_it_owns_and_its_names_are_free(user: Any):
    owned(user)
    accounts.delete(user, PASSWORD)
    for model in (User, AuthToken, MailedSecret, Presence, Identifier):
        assert not model._base_manager.exists()
    assert register(username="bob", email="bob@example.com")


def test_whoever_is_told_of_an_end_hears_whose_it_was(user: Any):
    heard = []

    def hear(user: Any, **kwargs: Any) -> None:
        heard.append(user.pk)

    events.deleted.connect(hear)
    try:
        accounts.delete(user, PASSWORD)
    finally:
        events.deleted.disconnect(hear)
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
    with pytest.raises(LimitExceeded):
        accounts.delete(user, PASSWORD)
    assert hashings == []
    assert User.objects.exists()


def test_a_password_that_was_changed_meanwhile_ends_nothing(user: Any, monkeypatch: Any):
    real = users.take_turns

    def be_late(*args: Any, **unchanged: Any) -> bool:
        User.objects.update(password="another")
        return real(*args, **unchanged)

    monkeypatch.setattr(users, "take_turns", be_late)
    with pytest.raises(WrongCurrentPassword):
        accounts.delete(user, PASSWORD)
    assert User.objects.exists()


class NotYet(Refused):
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
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.test_accounts.refuse", "THROTTLE_RATES": {}}
    owned(user)
    with pytest.raises(Refused, match="unpaid bills"):
        accounts.delete(user, PASSWORD)
    assert User.objects.get().first_name == ""
    assert AuthToken.objects.count() == 2


def test_a_host_may_anonymise_and_nothing_opens_what_remains(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.test_accounts.anonymise", "THROTTLE_RATES": {}}
    owned(user)
    accounts.delete(user, PASSWORD)
    assert User.objects.get().username == f"deleted-{user.pk}"
    for model in (AuthToken, MailedSecret, Presence):
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
