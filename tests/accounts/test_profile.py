"""Change the fields of an account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts
from django_simple_auth.accounts.fields import AccountFields
from django_simple_auth.exceptions import (
    InvalidValue,
    TokenInvalid,
    UsernameTaken,
    ValidationErrors,
)
from django_simple_auth.identity import identifiers, user_model
from tests.support.accounts import causes, register

User = get_user_model()


def test_only_given_values_change(user: Any):
    User.objects.update(last_name="Builder")
    user.refresh_from_db()
    updated = accounts.update(user, first_name="Robert", last_name="")
    stored = User.objects.get()
    for seen in (updated, stored):
        assert (seen.username, seen.first_name, seen.last_name, seen.email) == ("bob", "Robert", "", "bob@example.com")


def test_an_update_keeps_simultaneous_other_changes(user: Any):
    User.objects.update(is_staff=True, last_name="Builder")
    accounts.update(user, first_name="Robert")
    stored = User.objects.get()
    assert (stored.is_staff, stored.last_name) == (True, "Builder")


def test_users_may_respell_or_change_their_username(user: Any):
    assert accounts.update(user, username="Ｂｏｂ").username == "Bob"
    accounts.update(User.objects.get(), username="robert")
    assert identifiers.holder("username", "Robert") == user
    assert register(username="bob").username == "bob"


def test_unchanged_values_cost_no_query(user: Any):
    with CaptureQueriesContext(connection) as queries:
        assert accounts.update(user, username="bob", first_name="") is user
        assert accounts.update(user) is user
    assert len(queries) == 0


@pytest.mark.parametrize("variant", ["ann", "ANN", "ａｎｎ"])
def test_a_taken_username_is_refused(user: Any, variant: str):
    register()
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username=variant, first_name="x" * 151)
    assert causes(refused) == {(UsernameTaken, "username"), (InvalidValue, "first_name")}
    assert user.username == "bob"
    assert User.objects.get(pk=user.pk).username == "bob"


@pytest.mark.parametrize("value", ["", "not a name", "zero\u200bwidth", "a" * 151])
def test_the_models_validators_check_changes(user: Any, value: str):
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
def test_fields_that_users_may_not_change_are_ignored(user: Any, name: str, value: Any):
    before = User.objects.values().get()
    assert accounts.update(user, **{name: value}) is user
    assert User.objects.values().get() == before


def test_any_other_column_can_be_changed(user: Any):
    joined = user.date_joined - timedelta(days=1)
    assert accounts.update(user, date_joined=joined, shoe_size=43).date_joined == joined
    assert User.objects.get().date_joined == joined


def test_other_columns_are_validated(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, date_joined="yesterday")
    assert causes(refused) == {(InvalidValue, "date_joined")}


def test_an_email_as_username_is_not_changed_unverified(user: Any, monkeypatch: Any):
    monkeypatch.setattr(User, "USERNAME_FIELD", "email")
    monkeypatch.setattr(user_model, "username_field", lambda: "email")
    assert not user_model.is_changeable("username")
    accounts.update(user, username="eve@example.com", first_name="Bob")
    stored = User.objects.get()
    assert (stored.email, stored.first_name) == ("bob@example.com", "Bob")


@pytest.mark.parametrize("rival", ["ann", "ANN"])
def test_a_username_taken_after_the_check_is_refused(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, rival: str
):
    user = User.objects.create_user("bob", "bob@example.com")
    real = AccountFields.errors

    def check_then_race(details: AccountFields) -> Any:
        found = real(details)
        monkeypatch.setattr(AccountFields, "errors", real)
        User.objects.create_user(rival, "other@example.com")
        return found

    monkeypatch.setattr(AccountFields, "errors", check_then_race)
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username="ann")
    assert causes(refused) == {(UsernameTaken, "username")}
    assert user.username == User.objects.get(pk=user.pk).username == "bob"
    assert identifiers.holder("username", "bob") == user


def test_the_models_index_refuses_an_unclaimed_name(user: Any):
    User.objects.bulk_create([User(username="ann")])
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username="ann")
    assert causes(refused) == {(UsernameTaken, "username")}


def test_a_user_without_a_claim_on_the_email_can_be_renamed(user: Any):
    User.objects.bulk_create([User(username="twin", email="bob@example.com")])
    twin = User.objects.get(username="twin")
    assert accounts.update(twin, username="tom").username == "tom"


@pytest.mark.parametrize("error", [IntegrityError, DatabaseError])
def test_an_unrelated_database_error_is_passed_on(user: Any, monkeypatch: Any, error: Any):
    def fail(self: Any, **values: Any) -> None:
        raise error("project's own")

    monkeypatch.setattr(User, "save", fail)
    with pytest.raises(error, match="project's own"):
        accounts.update(user, first_name="Robert")


def test_updating_a_deleted_user_raises_token_invalid(user: Any):
    User.objects.all().delete()
    with pytest.raises(TokenInvalid):
        accounts.update(user, first_name="Robert")
    assert not User.objects.exists()
