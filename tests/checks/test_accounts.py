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
def test_e007_addresses_are_needed_and_users_have_none(settings: Any, name: str, value: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, name: value}
    (message,) = said("E007")
    assert message.msg == f"SIMPLE_AUTH[{name!r}] is {value!r}, and auth.User has no e-mail field: nobody can log in."
    assert "EMAIL_FIELD" in message.hint
    assert said("E007", include_deployment_checks=False)


@pytest.mark.usefixtures("_no_email_field")
@pytest.mark.parametrize("more", [{}, {"EMAIL_VERIFICATION": "optional"}, {"LOGIN_METHODS": ["username", "email"]}])
def test_e007_is_of_no_concern_where_addresses_are_not_needed(settings: Any, more: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, **more}
    assert not said("E007")


def test_e007_is_of_no_concern_where_users_have_addresses(settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required", "LOGIN_METHODS": ["email"]}
    assert not said("E007")


@pytest.fixture
def twins(db: None, settings: Any) -> list[Any]:
    """Two users of one address, one of another, and one of none."""
    settings.ROOT_URLCONF = "django_simple_auth.urls"
    names = [("bob", "bob@example.com"), ("rob", "Bob@Example.com"), ("ann", "ann@example.com"), ("eve", "")]
    return [User.objects.create_user(*name) for name in names]


@pytest.mark.parametrize("kinds", [["email"], ["username", "email"]])
def test_w014_users_whose_address_another_holds(twins: list[Any], settings: Any, kinds: list[str]):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": kinds}
    (message,) = said_of_rows("W014")
    assert "cannot log in or choose another password by e-mail" in message.msg
    assert message.msg.endswith(f"spelling: {twins[1].pk}.")


@pytest.mark.skipif(TEST_DATABASE == "mariadb", reason="Its unique index takes no second spelling.")
def test_w014_users_whose_name_another_holds_in_another_spelling(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username"]}
    shouted = User.objects.create_user("BOB", "rob@example.com")
    (message,) = said_of_rows("W014")
    assert "cannot log in by user name" in message.msg
    assert message.msg.endswith(f"spelling: {shouted.pk}.")


@pytest.mark.parametrize(
    ("verification", "what"),
    [("off", "choose another password by e-mail"), ("required", "prove their e-mail address, and so cannot log in")],
)
def test_w014_where_people_log_in_by_their_exact_name(twins: list[Any], settings: Any, verification: str, what: str):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": verification}
    (message,) = said_of_rows("W014")
    assert f"these primary keys cannot {what}, because" in message.msg
    assert message.msg.endswith(f"spelling: {twins[1].pk}.")


@pytest.mark.usefixtures("twins")
def test_w014_is_of_no_concern_where_nothing_depends_on_addresses(settings: Any):
    settings.ROOT_URLCONF = (path("", include("django_simple_auth.contracts.message")),)
    assert not said_of_rows("W014")


@pytest.mark.usefixtures("twins")
def test_w014_is_said_where_a_contract_logs_in_by_email(settings: Any):
    settings.ROOT_URLCONF = (path("", include("django_simple_auth.contracts.email")),)
    (message,) = said_of_rows("W014")
    assert "cannot log in or choose another password by e-mail" in message.msg


def test_w014_is_of_no_concern_where_everybody_has_a_name_of_his_own(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("eve")
    assert not said_of_rows("W014")


def test_w014_knows_that_an_update_frees_a_name(twins: list[Any], settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["email"]}
    User.objects.filter(pk=twins[0].pk).update(email="robert@example.com")
    assert not said_of_rows("W014")


def test_w014_suspects_nobody_who_is_merely_not_written_down_yet(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["email"]}
    User.objects.bulk_create([User(username="bulk", email="bulk@example.com")])
    assert not said_of_rows("W014")


def test_w014_names_only_the_first(twins: list[Any], settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["email"]}
    monkeypatch.setattr(accounts, "_MOST_NAMED", 2)
    more = [User.objects.create_user(f"bob{number}", "bob@example.com") for number in range(2)]
    (message,) = said_of_rows("W014")
    assert message.msg.endswith(f"spelling: {twins[1].pk}, {more[0].pk} and more.")
    assert "example.com" not in message.msg


def test_w014_judges_names_that_are_numbers(user: Any, settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username"]}
    monkeypatch.setattr(user_model, "field", lambda name: None)
    assert not said_of_rows("W014")


@pytest.mark.parametrize("verification", ["required", "optional"])
def test_w015_users_from_before_proofs_were_required(user: Any, settings: Any, verification: str):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": verification}
    found = said_of_rows("W015")
    assert len(found) == (verification == "required")
    assert all("emails.mark_verified(user)" in str(message.hint) for message in found)
    emails.mark_verified(user)
    assert not said_of_rows("W015")


def test_w015_is_of_no_concern_before_there_are_users(db: None, settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    assert not said_of_rows("W015")


def test_rows_are_not_read_unless_a_database_is_named(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    with CaptureQueriesContext(connection) as queries:
        assert not said("W015")
        assert not said("W015", tags=["database"], databases=[])
    assert len(queries) == 0


def test_rows_are_read_where_our_tables_are(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    settings.DATABASE_ROUTERS = ["tests.identity.test_identifiers.NothingOfOurs"]
    assert not said_of_rows("W015")


def test_migrate_is_not_stopped_by_tables_that_are_not_there_yet(user: Any, settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH = {**PUBLIC_URL, "EMAIL_VERIFICATION": "required"}
    monkeypatch.setattr(Identifier._meta, "db_table", "not_there_yet")
    assert not said_of_rows("W015")
    assert User.objects.get() == user


def test_rows_are_not_judged_by_a_setting_that_cannot_be_meant(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"EMAIL_VERIFICATION": "sometimes"}
    assert not said_of_rows("W015")
