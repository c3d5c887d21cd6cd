"""Who is refused an account, and why: the names that are taken and the values that the model does not want."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection
from django.db.models import QuerySet, UniqueConstraint
from django.db.models.functions import Lower
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts
from django_simple_auth.accounts import registration
from django_simple_auth.exceptions import EmailTaken, InvalidValue, UsernameTaken, ValidationErrors
from django_simple_auth.identity import identifiers
from tests.support.client import PASSWORD

User = get_user_model()


def register(username: str = "ann", email: str = "ann@example.com", password: str = PASSWORD, **more: Any) -> Any:
    return accounts.register(username=username, email=email, password=password, **more)


def causes(refused: pytest.ExceptionInfo[ValidationErrors]) -> set[tuple[type, str | None]]:
    return {(type(fault), fault.field) for fault in refused.value.errors}


def test_an_account_is_made_by_the_models_own_manager(db: None):
    user = register(email="Ann@EXAMPLE.com", first_name="Ann")
    user.refresh_from_db()
    assert (user.username, user.email, user.first_name) == ("ann", "Ann@example.com", "Ann")
    assert user.check_password(PASSWORD)
    assert user.is_active
    assert not user.is_staff


@pytest.mark.parametrize("variant", ["bob", "BOB", "ｂｏｂ", "Ｂob"])
def test_a_username_is_taken_in_every_spelling(user: Any, variant: str):
    with pytest.raises(ValidationErrors) as refused:
        register(username=variant)
    assert causes(refused) == {(UsernameTaken, "username")}


@pytest.mark.parametrize("variant", ["bob@example.com", "BOB@EXAMPLE.COM", "Bob@Example.com"])
def test_an_email_is_taken_in_every_spelling(user: Any, variant: str):
    with pytest.raises(ValidationErrors) as refused:
        register(email=variant)
    assert causes(refused) == {(EmailTaken, "email")}


def test_all_faults_are_told_at_once(user: Any):
    with pytest.raises(ValidationErrors) as refused:
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
    with pytest.raises(ValidationErrors) as refused:
        register(**{field: value})
    assert causes(refused) == {(InvalidValue, field)}
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short1", "password123", "84736251049", "annabella"])
def test_the_hosts_password_validators_decide(db: None, password: str):
    with pytest.raises(ValidationErrors) as refused:
        register(username="annabella", password=password)
    assert causes(refused) == {(InvalidValue, "password")}


def test_an_email_may_be_missing_where_the_model_allows_it(db: None):
    accounts.register(username="ann", password=PASSWORD)
    accounts.register(username="eve", password=PASSWORD)
    assert User.objects.filter(email="").count() == 2


def test_a_value_that_nothing_takes_is_left_out(db: None):
    assert register(shoe_size=43, groups=[1], first_name="Ann").first_name == "Ann"


def test_a_column_that_the_manager_does_not_name_is_stored(db: None):
    joined = datetime(2000, 1, 1, tzinfo=timezone.utc)
    register(date_joined=joined)
    assert User.objects.get().date_joined == joined


def test_a_parameter_of_the_manager_is_handed_to_it(db: None, monkeypatch: Any):
    real, seen = User.objects.create_user, []

    def create_user(username: str, email: str, password: str, *, shoe_size: int) -> Any:
        seen.append(shoe_size)
        return real(username, email, password)

    monkeypatch.setattr(User.objects, "create_user", create_user)
    register(shoe_size=43)
    assert seen == [43]


def test_a_column_is_stored_also_if_the_manager_cannot_take_it(db: None, monkeypatch: Any):
    real = User.objects.create_user

    def create_user(username: str, password: str) -> Any:
        return real(username, password=password)

    monkeypatch.setattr(User.objects, "create_user", create_user)
    register(first_name="Ann", shoe_size=43)
    stored = User.objects.get()
    assert (stored.first_name, stored.email) == ("Ann", "ann@example.com")
    assert identifiers.holder("email", "ann@example.com") == stored


def test_faults_judges_only_what_it_is_given(user: Any):
    assert accounts.registration_errors() == []
    assert [type(fault) for fault in accounts.registration_errors(email="bob@example.com")] == [EmailTaken]


def test_a_rival_who_commits_between_look_and_write_wins(transactional_db: None, monkeypatch: pytest.MonkeyPatch):
    real = registration._against

    def look_and_be_late(*values: Any) -> Any:
        found = real(*values)
        monkeypatch.setattr(registration, "_against", real)
        User.objects.create_user("rival", "ann@example.com")
        return found

    monkeypatch.setattr(registration, "_against", look_and_be_late)
    with pytest.raises(ValidationErrors) as refused:
        register()
    assert causes(refused) == {(EmailTaken, "email")}
    assert User.objects.get().username == "rival"


def test_a_rival_of_the_same_username_wins_by_the_models_own_index(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
):
    real = registration._against

    def look_and_be_late(*values: Any) -> Any:
        found = real(*values)
        monkeypatch.setattr(registration, "_against", real)
        User.objects.create_user("ann", "other@example.com")
        return found

    monkeypatch.setattr(registration, "_against", look_and_be_late)
    with pytest.raises(ValidationErrors) as refused:
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
    with pytest.raises(ValidationErrors) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}


def test_a_user_whom_the_default_manager_hides_has_his_name_all_the_same(db: None, monkeypatch: Any):
    User.objects.bulk_create([User(username="ann")])
    monkeypatch.setattr(type(User.objects), "get_queryset", lambda self: QuerySet(User).none())
    with pytest.raises(ValidationErrors) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}


def test_a_name_that_only_the_database_calls_equal_is_taken_there_and_free_elsewhere(db: None):
    register(username="jose", email="a@example.com")
    if connection.vendor == "mysql":  # pragma: no cover
        with pytest.raises(ValidationErrors) as refused:
            register(username="josé", email="b@example.com")
        assert causes(refused) == {(UsernameTaken, "username")}
    else:
        register(username="josé", email="b@example.com")


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        (User._meta.get_field("first_name"), "unique", True),
        (User._meta, "constraints", [UniqueConstraint(fields=["first_name"], name="one_first_name")]),
        (User._meta, "constraints", [UniqueConstraint(Lower("first_name"), name="one_first_name")]),
    ],
    ids=["field", "constraint", "expression"],
)
def test_another_unique_field_is_refused_under_its_own_name(
    user: Any, monkeypatch: Any, place: Any, name: str, value: Any
):
    monkeypatch.setattr(place, name, value)
    User.objects.update(first_name="Bob")

    def clash(**values: Any) -> None:
        raise IntegrityError("UNIQUE constraint failed: first_name")

    monkeypatch.setattr(User.objects, "create_user", clash)
    with pytest.raises(ValidationErrors) as refused:
        register(first_name="Bob")
    assert causes(refused) == {(InvalidValue, "first_name")}
    assert str(refused.value) == "User with this First name already exists."


def test_a_username_nobody_is_asked_for_is_made_up(db: None):
    first = accounts.register(email="a@example.com", password=PASSWORD)
    second = accounts.register(email="b@example.com", password=PASSWORD)
    assert len({first.username, second.username, ""}) == 3


def test_registering_costs_two_looks_and_two_writes(transactional_db: None):
    with CaptureQueriesContext(connection) as queries:
        register()
    verbs = [query["sql"].split()[0] for query in queries]
    assert [verb for verb in verbs if verb in {"SELECT", "INSERT"}] == ["SELECT", "INSERT", "INSERT", "SELECT"]


def test_a_name_freed_behind_our_back_can_be_had(user: Any):
    User.objects.update(username="robert", email="robert@example.com")
    register(username="bob", email="bob@example.com")
    assert identifiers.holder("username", "robert") == user
