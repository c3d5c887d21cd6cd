"""Values for a new account: which ones are taken, and which ones the model refuses."""

from __future__ import annotations

import pickle
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
from django_simple_auth.exceptions import (
    EmailTaken,
    InvalidValue,
    UsernameTaken,
    ValidationErrors,
)
from django_simple_auth.identity import identifiers
from tests.support.accounts import causes, register
from tests.support.client import PASSWORD


def test_validation_errors_can_be_pickled(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        register(username="bob", email="bob@example.com", password="1234567")
    copy = pickle.loads(pickle.dumps(refused.value))
    assert str(copy) == str(refused.value)
    assert "A user with that username already exists." in str(copy)
    assert "This password is too short." in str(copy)


User = get_user_model()


def test_the_models_manager_creates_the_user(db: None):
    user = register(email="Ann@EXAMPLE.com", first_name="Ann")
    user.refresh_from_db()
    assert (user.username, user.email, user.first_name) == ("ann", "Ann@example.com", "Ann")
    assert user.check_password(PASSWORD)
    assert user.is_active
    assert not user.is_staff


@pytest.mark.parametrize("variant", ["bob", "BOB", "ｂｏｂ", "Ｂob"])
def test_a_username_is_taken_in_every_case_and_form(user: Any, variant: str):
    with pytest.raises(ValidationErrors) as refused:
        register(username=variant)
    assert causes(refused) == {(UsernameTaken, "username")}


@pytest.mark.parametrize("variant", ["bob@example.com", "BOB@EXAMPLE.COM", "Bob@Example.com"])
def test_an_email_is_taken_in_every_case(user: Any, variant: str):
    with pytest.raises(ValidationErrors) as refused:
        register(email=variant)
    assert causes(refused) == {(EmailTaken, "email")}


def test_all_errors_are_raised_together(user: Any):
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
def test_the_models_validators_check_values(db: None, field: str, value: str):
    with pytest.raises(ValidationErrors) as refused:
        register(**{field: value})
    assert causes(refused) == {(InvalidValue, field)}
    assert not User.objects.exists()


@pytest.mark.parametrize("password", ["short1", "password123", "84736251049", "annabella"])
def test_the_projects_password_validators_decide(db: None, password: str):
    with pytest.raises(ValidationErrors) as refused:
        register(username="annabella", password=password)
    assert causes(refused) == {(InvalidValue, "password")}


def test_an_email_may_be_missing_if_the_model_allows_it(db: None):
    accounts.register(username="ann", password=PASSWORD)
    accounts.register(username="eve", password=PASSWORD)
    assert User.objects.filter(email="").count() == 2


def test_a_value_without_a_column_is_left_out(db: None):
    assert register(shoe_size=43, groups=[1], first_name="Ann").first_name == "Ann"


def test_a_column_unknown_to_the_manager_is_stored(db: None):
    joined = datetime(2000, 1, 1, tzinfo=timezone.utc)
    register(date_joined=joined)
    assert User.objects.get().date_joined == joined


def test_the_managers_own_parameters_are_passed_to_it(db: None, monkeypatch: Any):
    real, seen = User.objects.create_user, []

    def create_user(username: str, email: str, password: str, *, shoe_size: int) -> Any:
        seen.append(shoe_size)
        return real(username, email, password)

    monkeypatch.setattr(User.objects, "create_user", create_user)
    register(shoe_size=43)
    assert seen == [43]


def test_a_column_is_stored_if_the_manager_rejects_it(db: None, monkeypatch: Any):
    real = User.objects.create_user

    def create_user(username: str, password: str) -> Any:
        return real(username, password=password)

    monkeypatch.setattr(User.objects, "create_user", create_user)
    register(first_name="Ann", shoe_size=43)
    stored = User.objects.get()
    assert (stored.first_name, stored.email) == ("Ann", "ann@example.com")
    assert identifiers.holder("email", "ann@example.com") == stored


def test_registration_errors_checks_only_given_values(user: Any):
    assert accounts.registration_errors() == []
    assert [type(error) for error in accounts.registration_errors(email="bob@example.com")] == [EmailTaken]


def test_an_email_taken_after_the_check_is_refused(transactional_db: None, monkeypatch: pytest.MonkeyPatch):
    real = registration._errors

    def check_then_race(*values: Any) -> Any:
        found = real(*values)
        monkeypatch.setattr(registration, "_errors", real)
        User.objects.create_user("rival", "ann@example.com")
        return found

    monkeypatch.setattr(registration, "_errors", check_then_race)
    with pytest.raises(ValidationErrors) as refused:
        register()
    assert causes(refused) == {(EmailTaken, "email")}
    assert User.objects.get().username == "rival"


def test_a_username_taken_after_the_check_is_refused(transactional_db: None, monkeypatch: pytest.MonkeyPatch):
    real = registration._errors

    def check_then_race(*values: Any) -> Any:
        found = real(*values)
        monkeypatch.setattr(registration, "_errors", real)
        User.objects.create_user("ann", "other@example.com")
        return found

    monkeypatch.setattr(registration, "_errors", check_then_race)
    with pytest.raises(ValidationErrors) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}
    assert User.objects.get().email == "other@example.com"


def test_an_unrelated_integrity_error_is_passed_on(db: None, monkeypatch: pytest.MonkeyPatch):
    def fail(**values: Any) -> None:
        raise IntegrityError("project's own constraint")

    monkeypatch.setattr(User.objects, "create_user", fail)
    with pytest.raises(IntegrityError, match="project's own"):
        register()


@pytest.mark.parametrize("how", ["bulk", "renamed"])
def test_a_username_stored_without_a_claim_is_taken(user: Any, how: str):
    if how == "bulk":
        User.objects.bulk_create([User(username="ann")])
    else:
        User.objects.update(username="ann")
    with pytest.raises(ValidationErrors) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}


def test_a_hidden_users_name_is_taken(db: None, monkeypatch: Any):
    User.objects.bulk_create([User(username="ann")])
    monkeypatch.setattr(type(User.objects), "get_queryset", lambda self: QuerySet(User).none())
    with pytest.raises(ValidationErrors) as refused:
        register()
    assert causes(refused) == {(UsernameTaken, "username")}


def test_names_equal_only_in_one_database_are_taken_there(db: None):
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
def test_another_unique_field_is_refused_under_its_name(user: Any, monkeypatch: Any, place: Any, name: str, value: Any):
    monkeypatch.setattr(place, name, value)
    User.objects.update(first_name="Bob")

    def clash(**values: Any) -> None:
        raise IntegrityError("UNIQUE constraint failed: first_name")

    monkeypatch.setattr(User.objects, "create_user", clash)
    with pytest.raises(ValidationErrors) as refused:
        register(first_name="Bob")
    assert causes(refused) == {(InvalidValue, "first_name")}
    assert str(refused.value) == "User with this First name already exists."


def test_a_missing_username_is_generated(db: None):
    first = accounts.register(email="a@example.com", password=PASSWORD)
    second = accounts.register(email="b@example.com", password=PASSWORD)
    assert len({first.username, second.username, ""}) == 3


def test_registration_costs_two_selects_and_two_inserts(transactional_db: None):
    with CaptureQueriesContext(connection) as queries:
        register()
    verbs = [query["sql"].split()[0] for query in queries]
    assert [verb for verb in verbs if verb in {"SELECT", "INSERT"}] == ["SELECT", "INSERT", "INSERT", "SELECT"]


def test_a_name_freed_by_an_update_is_available(user: Any):
    User.objects.update(username="robert", email="robert@example.com")
    register(username="bob", email="bob@example.com")
    assert identifiers.holder("username", "robert") == user
