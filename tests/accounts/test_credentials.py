"""Check a username or an e-mail address with a password, without disclosing more than allowed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_login_failed
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts
from django_simple_auth.exceptions import (
    AccountDisabled,
    EmailTaken,
    InvalidCredentials,
    InvalidValue,
    UnknownUser,
    ValidationErrors,
    WrongPassword,
)
from tests.support.accounts import causes, register
from tests.support.client import PASSWORD

User = get_user_model()


@pytest.mark.parametrize(
    ("case", "cause"),
    [
        ("unknown", UnknownUser),
        ("wrong", WrongPassword),
        ("disabled", AccountDisabled),
        ("disabled, wrong", WrongPassword),
    ],
)
def test_causes_are_disclosed_on_demand_at_equal_cost(user: Any, hashings: list[str], case: str, cause: Any):
    User.objects.update(is_active="disabled" not in case)
    hashings.clear()
    with CaptureQueriesContext(connection) as queries, pytest.raises(cause):
        accounts.authenticate(
            username="nobody" if case == "unknown" else "bob",
            password="wrong" if "wrong" in case else PASSWORD,
            disclose_cause=True,
        )
    assert (len(queries), len(hashings)) == (2, 2)


def test_an_email_logs_in_regardless_of_case(user: Any):
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
def test_login_methods_decide_what_users_log_in_with(user: Any, settings: Any, allowed: Any, typed: str, enters: bool):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": allowed}
    with nullcontext() if enters else pytest.raises(InvalidCredentials):
        assert accounts.authenticate(username=typed, password=PASSWORD) == user


def test_a_username_equal_to_an_email_locks_no_one_out(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("bob@example.com", "other@example.com", "another")
    assert accounts.authenticate(username="bob@example.com", password=PASSWORD) == user


@pytest.fixture
def _both(settings: Any) -> None:
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"], "THROTTLE_RATES": {}}


@pytest.mark.usefixtures("_both")
def test_an_existing_username_like_an_email_stays_reserved(db: None):
    carl = User.objects.create_user("carl@corp.example", "carl@home.example", PASSWORD)
    with pytest.raises(ValidationErrors) as refused:
        register("eve", "CARL@corp.example")
    assert causes(refused) == {(EmailTaken, "email")}
    assert accounts.authenticate(username="carl@corp.example", password=PASSWORD) == carl


@pytest.mark.usefixtures("_both")
def test_a_username_like_an_email_must_be_ones_own_email(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        register("bob@example.com", "eve@example.com")
    assert causes(refused) == {(InvalidValue, "username")}
    with pytest.raises(ValidationErrors):
        accounts.update(user, username="eve@example.com")
    assert accounts.update(user, username="BOB@example.com").username == "BOB@example.com"
    assert register("ann@example.com", "ann@example.com")


def test_with_one_login_method_usernames_may_be_emails(db: None):
    assert register("bob@example.com", "eve@example.com")


def test_existing_users_may_share_an_email(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("second", "bob@example.com", "another password")
    assert accounts.authenticate(username="bob@example.com", password=PASSWORD) == user


def test_the_right_password_returns_the_user(user: Any):
    assert accounts.authenticate(username="bob", password=PASSWORD) == user


def test_a_username_is_normalized_as_at_registration(db: None):
    registered = register(username="ａｎｎ")
    assert registered.username == "ann"
    assert accounts.authenticate(username="ａｎｎ", password=PASSWORD) == registered


@pytest.mark.parametrize("case", ["unknown user", "wrong password", "inactive", "unusable password"])
def test_every_failed_login_looks_and_costs_the_same(user: Any, hashings: list[str], case: str):
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
def test_verify_first_does_not_disclose_unverified_users(user: Any, settings: Any, hashings: list[str], case: str):
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


def test_an_inactive_user_is_refused_with_every_backend(user: Any, settings: Any):
    settings.AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.AllowAllUsersModelBackend"]
    User.objects.update(is_active=False)
    with pytest.raises(InvalidCredentials):
        accounts.authenticate(username="bob", password=PASSWORD)


def test_django_signal_carries_the_name_but_no_password(user: Any, rf: Any):
    received = []

    def failed(credentials: Any, request: Any, **kwargs: Any) -> None:
        received.append((credentials["username"], PASSWORD in str(credentials), request))

    user_login_failed.connect(failed)
    request = rf.post("/")
    try:
        with pytest.raises(InvalidCredentials):
            accounts.authenticate(username="nobody", password=PASSWORD, request=request)
    finally:
        user_login_failed.disconnect(failed)
    assert received == [("nobody", False, request)]
