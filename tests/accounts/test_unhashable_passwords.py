"""A password that a hasher cannot take is a wrong password, or one that cannot be chosen."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.signals import user_login_failed
from django.db.models.signals import pre_save

from django_simple_auth import accounts
from django_simple_auth.accounts import passwords
from django_simple_auth.exceptions import (
    AccountDisabled,
    InvalidCredentials,
    InvalidValue,
    SimpleAuthError,
    UnknownUser,
    ValidationErrors,
    WrongCurrentPassword,
    WrongPassword,
)
from django_simple_auth.models import OneTimeToken
from django_simple_auth.tokens import links
from tests.contracts.native.cases import API, NEW, log_in
from tests.support.accounts import can_log_in, causes, register
from tests.support.client import PASSWORD
from tests.support.hashers import FRAIL, MD5, NARROW

User = get_user_model()

LONG = f"canary-{'Battery-Staple-' * 8}"
UNHASHABLE = pytest.mark.parametrize(
    "password", [LONG, "canary\0NUL", "ß" * 40, "canary-\ud800-surrogate"], ids=["long", "NUL", "bytes", "surrogate"]
)


def algorithm(hasher: str) -> str:
    return hasher.rpartition(".")[2].lower().removesuffix("passwordhasher")


@pytest.fixture
def hashed_by(user: Any, settings: Any) -> Any:
    """Store Bob's password with the first hasher; the second one hashes new passwords."""

    def hashed_by(stored: str, preferred: str) -> None:
        settings.PASSWORD_HASHERS = list(dict.fromkeys([preferred, stored]))
        User.objects.update(password=make_password(PASSWORD, hasher=algorithm(stored)))

    return hashed_by


HASHERS = pytest.mark.parametrize(
    ("stored", "preferred"), [(NARROW, NARROW), (NARROW, MD5), (MD5, NARROW), (FRAIL, FRAIL)]
)


@HASHERS
@pytest.mark.parametrize("case", ["known", "unknown", "disabled"])
def test_an_unhashable_password_is_a_wrong_one_at_login(
    hashed_by: Any, hashings: list[str], stored: str, preferred: str, case: str
):
    hashed_by(stored, preferred)
    User.objects.update(is_active=case != "disabled")
    hashings.clear()
    with pytest.raises(InvalidCredentials) as refused:
        accounts.authenticate(username="nobody" if case == "unknown" else "bob", password=LONG)
    assert type(refused.value) is InvalidCredentials
    assert len(hashings) == 1


@HASHERS
@pytest.mark.parametrize(
    ("case", "cause"), [("unknown", UnknownUser), ("known", WrongPassword), ("disabled", WrongPassword)]
)
def test_the_disclosed_cause_costs_the_same_too(
    hashed_by: Any, hashings: list[str], stored: str, preferred: str, case: str, cause: type[Exception]
):
    hashed_by(stored, preferred)
    User.objects.update(is_active=case != "disabled")
    hashings.clear()
    with pytest.raises(cause):
        accounts.authenticate(username="nobody" if case == "unknown" else "bob", password=LONG, disclose_cause=True)
    assert len(hashings) == 2


def test_other_passwords_are_judged_as_before(hashed_by: Any):
    hashed_by(NARROW, NARROW)
    User.objects.update(is_active=False)
    with pytest.raises(AccountDisabled):
        accounts.authenticate(username="bob", password=PASSWORD, disclose_cause=True)


def test_a_name_that_nobody_can_have_costs_a_hashing(hashed_by: Any, hashings: list[str]):
    hashed_by(NARROW, NARROW)
    hashings.clear()
    with pytest.raises(InvalidCredentials):
        accounts.authenticate(username="bo\0b", password=LONG)
    assert len(hashings) == 1


def test_django_is_told_of_the_failed_login(hashed_by: Any):
    received = []

    def failed(credentials: Any, **kwargs: Any) -> None:
        received.append(credentials["username"])

    hashed_by(NARROW, NARROW)
    user_login_failed.connect(failed)
    try:
        assert not can_log_in(LONG)
    finally:
        user_login_failed.disconnect(failed)
    assert received == ["bob"]


def test_a_hash_that_cannot_be_upgraded_does_not_crash(hashed_by: Any, settings: Any):
    hashed_by(NARROW, NARROW)
    settings.PASSWORD_HASHERS = [NARROW, MD5]
    User.objects.update(password=make_password(LONG, hasher="md5"))
    assert not can_log_in(LONG)


@UNHASHABLE
def test_it_is_a_wrong_current_password(hashed_by: Any, user: Any, password: str):
    hashed_by(NARROW, NARROW)
    with pytest.raises(WrongCurrentPassword):
        accounts.delete(User.objects.get(), password)
    assert User.objects.exists()


def test_the_log_names_the_error_but_no_password(hashed_by: Any, caplog: Any):
    hashed_by(FRAIL, FRAIL)
    assert not can_log_in(LONG)
    assert "HashingError" in caplog.text
    assert "canary" not in caplog.text


class Broken(RuntimeError):
    pass


class BrokenBackend:
    """A backend of the project's own that cannot reach its server."""

    def authenticate(self, request: Any, username: str, password: str) -> None:
        raise Broken


def test_another_backends_failure_is_no_wrong_password(user: Any, settings: Any):
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.BrokenBackend"]
    with pytest.raises(Broken):
        can_log_in(PASSWORD)


def test_a_receivers_failure_in_an_upgrade_is_no_wrong_password(hashed_by: Any):
    def fail(**kwargs: Any) -> None:
        raise Broken

    hashed_by(MD5, NARROW)
    receivers = pre_save.receivers
    pre_save.receivers = []
    pre_save.connect(fail, sender=User)
    try:
        with pytest.raises(Broken):
            can_log_in(PASSWORD)
    finally:
        pre_save.receivers = receivers
        pre_save.sender_receivers_cache.clear()


@UNHASHABLE
def test_it_cannot_be_chosen_at_registration(db: None, settings: Any, password: str):
    settings.PASSWORD_HASHERS = [NARROW]
    with pytest.raises(ValidationErrors) as refused:
        register(password=password)
    assert causes(refused) == {(InvalidValue, "password")}
    assert "cannot be used" in str(refused.value)
    assert not User.objects.exists()


@pytest.mark.usefixtures("_verify_first", "user")
@pytest.mark.parametrize("email", ["bob@example.com", "ann@example.com"])
def test_verify_first_refuses_it_for_every_address_alike(settings: Any, mailbox: Any, email: str):
    settings.PASSWORD_HASHERS = [NARROW]
    with pytest.raises(ValidationErrors) as refused:
        accounts.register_neutrally(username="ann", email=email, password=LONG)
    assert causes(refused) == {(InvalidValue, "password")}
    assert not mailbox


def test_it_cannot_be_chosen_at_a_change(hashed_by: Any):
    hashed_by(NARROW, NARROW)
    with pytest.raises(InvalidValue) as refused:
        passwords.change(User.objects.get(), PASSWORD, LONG)
    assert refused.value.field == "new_password"
    assert can_log_in(PASSWORD)


def test_it_cannot_be_chosen_at_a_reset_and_the_link_stays(hashed_by: Any):
    hashed_by(NARROW, NARROW)
    secret = links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", User.objects.get())
    with pytest.raises(SimpleAuthError) as refused:
        passwords.reset(secret, LONG)
    assert (type(refused.value), refused.value.field) == (InvalidValue, "new_password")
    passwords.reset(secret, "canary-Battery-Staple-8")
    assert can_log_in("canary-Battery-Staple-8")


def test_the_native_contract_answers_400(client: Any, hashed_by: Any, mailbox: Any):
    hashed_by(NARROW, NARROW)
    response = client.post(f"{API}/register/", {**NEW, "password": LONG})
    assert (response.status_code, set(response.json())) == (400, {"password"})
    response = client.post(f"{API}/login/", {"username": "bob", "password": LONG})
    assert (response.status_code, set(response.json())) == (400, {"non_field_errors"})
    log_in(client)
    response = client.post(f"{API}/password/change/", {"current_password": PASSWORD, "new_password": LONG})
    assert (response.status_code, set(response.json())) == (400, {"new_password"})
    response = client.post(f"{API}/password/change/", {"current_password": LONG, "new_password": PASSWORD})
    assert (response.status_code, set(response.json())) == (400, {"current_password"})
