from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from django_simple_auth.accounts import emails
from django_simple_auth.checks import accounts
from django_simple_auth.identity import user_model
from django_simple_auth.models import Identifier
from tests.settings import TEST_DATABASE
from tests.support.checks import said, said_of_rows

User = get_user_model()
PUBLIC_URL = {"PUBLIC_URL": "https://www.example.com"}


@pytest.fixture
def _no_email_field(monkeypatch: Any) -> None:
    monkeypatch.setattr(user_model, "email_field", lambda: None)


@pytest.mark.usefixtures("_no_email_field")
@pytest.mark.parametrize(
    ("name", "value"),
    [("REGISTRATION", "verify_first"), ("EMAIL_VERIFICATION", "required"), ("LOGIN_METHODS", ["email"])],
)
def test_e007_a_setting_needs_an_email_field(settings: Any, name: str, value: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, name: value}
    (message,) = said("E007")
    assert message.msg == f"SIMPLE_AUTH[{name!r}] is {value!r}, but auth.User has no e-mail field: nobody can log in."
    assert "EMAIL_FIELD" in message.hint
    assert said("E007", include_deployment_checks=False)


@pytest.mark.usefixtures("_no_email_field")
@pytest.mark.parametrize("more", [{}, {"EMAIL_VERIFICATION": "optional"}, {"LOGIN_METHODS": ["username", "email"]}])
def test_e007_passes_if_addresses_are_not_needed(settings: Any, more: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, **more}
    assert not said("E007")


def test_e007_passes_if_users_have_addresses(settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required", "LOGIN_METHODS": ["email"]}
    assert not said("E007")


@pytest.fixture
def twins(db: None, settings: Any) -> list[Any]:
    """Two users with the same address, one with another, and one without."""
    settings.ROOT_URLCONF = "django_simple_auth.urls"
    names = [("bob", "bob@example.com"), ("rob", "Bob@Example.com"), ("ann", "ann@example.com"), ("eve", "")]
    return [User.objects.create_user(*name) for name in names]


@pytest.mark.parametrize("kinds", [["email"], ["username", "email"]])
def test_w014_users_with_the_address_of_another_user(twins: list[Any], settings: Any, kinds: list[str]):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": kinds}
    (message,) = said_of_rows("W014")
    assert "cannot log in or reset their password by e-mail" in message.msg
    assert message.msg.endswith(f"form: {twins[1].pk}.")


@pytest.mark.skipif(TEST_DATABASE == "mariadb", reason="Its unique index takes no second spelling.")
def test_w014_usernames_that_differ_only_in_case(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username"]}
    shouted = User.objects.create_user("BOB", "rob@example.com")
    (message,) = said_of_rows("W014")
    assert "cannot log in by username" in message.msg
    assert message.msg.endswith(f"form: {shouted.pk}.")


@pytest.mark.parametrize(
    ("verification", "what"),
    [("off", "reset their password by e-mail"), ("required", "verify their e-mail address, and so cannot log in")],
)
def test_w014_says_what_else_an_address_is_needed_for(twins: list[Any], settings: Any, verification: str, what: str):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": verification}
    (message,) = said_of_rows("W014")
    assert f"these primary keys cannot {what}, because" in message.msg
    assert message.msg.endswith(f"form: {twins[1].pk}.")


@pytest.mark.usefixtures("twins")
def test_w014_passes_if_nothing_needs_addresses(settings: Any):
    settings.ROOT_URLCONF = (path("", include("django_simple_auth.contracts.message")),)
    assert not said_of_rows("W014")


@pytest.mark.usefixtures("twins")
def test_w014_contracts_that_log_in_by_email(settings: Any):
    settings.ROOT_URLCONF = (path("", include("django_simple_auth.contracts.email")),)
    (message,) = said_of_rows("W014")
    assert "cannot log in or reset their password by e-mail" in message.msg


def test_w014_passes_if_all_names_are_unique(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("eve")
    assert not said_of_rows("W014")


def test_w014_passes_after_an_update_freed_the_name(twins: list[Any], settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["email"]}
    User.objects.filter(pk=twins[0].pk).update(email="robert@example.com")
    assert not said_of_rows("W014")


def test_w014_passes_for_users_without_identifiers_yet(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["email"]}
    User.objects.bulk_create([User(username="bulk", email="bulk@example.com")])
    assert not said_of_rows("W014")


def test_w014_lists_only_the_first_users(twins: list[Any], settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["email"]}
    monkeypatch.setattr(accounts, "_MOST_NAMED", 2)
    more = [User.objects.create_user(f"bob{number}", "bob@example.com") for number in range(2)]
    (message,) = said_of_rows("W014")
    assert message.msg.endswith(f"form: {twins[1].pk}, {more[0].pk} and more.")
    assert "example.com" not in message.msg


def test_w014_accepts_names_that_are_numbers(user: Any, settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username"]}
    monkeypatch.setattr(user_model, "field", lambda name: None)
    assert not said_of_rows("W014")


@pytest.mark.parametrize("verification", ["required", "optional"])
def test_w015_nobody_has_verified_an_address(user: Any, settings: Any, verification: str):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": verification}
    found = said_of_rows("W015")
    assert len(found) == (verification == "required")
    assert all("emails.mark_verified(user)" in str(message.hint) for message in found)
    emails.mark_verified(user)
    assert not said_of_rows("W015")


def test_w015_passes_without_users(db: None, settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    assert not said_of_rows("W015")


def test_rows_are_read_only_if_a_database_is_named(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    with CaptureQueriesContext(connection) as queries:
        assert not said("W015")
        assert not said("W015", tags=["database"], databases=[])
    assert len(queries) == 0


def test_rows_are_read_only_where_our_tables_are(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    settings.DATABASE_ROUTERS = ["tests.identity.test_identifiers.NothingOfOurs"]
    assert not said_of_rows("W015")


def test_missing_tables_do_not_stop_migrate(user: Any, settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    monkeypatch.setattr(Identifier._meta, "db_table", "not_there_yet")
    assert not said_of_rows("W015")
    assert User.objects.get() == user


def test_rows_are_not_checked_with_an_invalid_setting(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"EMAIL_VERIFICATION": "sometimes"}
    assert not said_of_rows("W015")
