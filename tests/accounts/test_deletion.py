"""Delete an account."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db.models import ProtectedError, RestrictedError

from django_simple_auth import accounts, keys, presence, sessions, signals
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import (
    AccountInUse,
    SimpleAuthError,
    TooManyAttempts,
    WrongCurrentPassword,
)
from django_simple_auth.identity import user_model
from django_simple_auth.mail import known_devices
from django_simple_auth.models import AuthToken, Identifier, KnownDevice, OneTimeToken, Presence
from tests.support.accounts import register
from tests.support.client import PASSWORD

User = get_user_model()


def owned(user: Any) -> None:
    sessions.start(user)
    keys.create(user)
    presence.start(user)
    known_devices.remember(user, "phone")
    at = system_clock.now()
    OneTimeToken.objects.create(
        user=user, purpose="reset", email=user.email, digest=b"x" * 32, created_at=at, expires_at=at
    )


def test_deletion_removes_everything_and_frees_the_names(user: Any):
    owned(user)
    accounts.delete(user, PASSWORD)
    for model in (User, AuthToken, KnownDevice, OneTimeToken, Presence, Identifier):
        assert not model._base_manager.exists()
    assert register(username="bob", email="bob@example.com")


def test_the_deleted_signal_carries_the_primary_key(user: Any):
    received = []

    def receive(user: Any, **kwargs: Any) -> None:
        received.append(user.pk)

    signals.deleted.connect(receive)
    try:
        accounts.delete(user, PASSWORD)
    finally:
        signals.deleted.disconnect(receive)
    assert received == [user.pk]
    assert user.pk is not None


@pytest.mark.parametrize("password", ["wrong", "", f" {PASSWORD}"])
def test_deletion_needs_the_right_password(user: Any, password: str):
    owned(user)
    with pytest.raises(WrongCurrentPassword) as refused:
        accounts.delete(user, password)
    assert refused.value.field == "current_password"
    assert AuthToken.objects.count() == 2


def test_guessing_the_password_at_deletion_is_throttled(user: Any, settings: Any, hashings: list[str]):
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
    """Do something each time between the check of the password and the lock on the row."""

    def happens(what: Any) -> None:
        real = user_model.lock

        def race(*args: Any, **unchanged: Any) -> bool:
            what()
            return real(*args, **unchanged)

        monkeypatch.setattr(user_model, "lock", race)

    return happens


def test_a_password_changed_meanwhile_stops_the_deletion(user: Any, meanwhile: Any):
    meanwhile(lambda: User.objects.update(password="another"))
    with pytest.raises(WrongCurrentPassword):
        accounts.delete(user, PASSWORD)
    assert User.objects.exists()


def test_an_account_deleted_meanwhile_is_refused(user: Any, meanwhile: Any):
    meanwhile(lambda: User.objects.all().delete())
    with pytest.raises(WrongCurrentPassword):
        accounts.delete(user, PASSWORD)


def test_a_hash_upgraded_meanwhile_does_not_stop_it(user: Any, meanwhile: Any):
    better = [make_password(PASSWORD)]
    meanwhile(lambda: better and User.objects.update(password=better.pop()))
    accounts.delete(user, PASSWORD)
    assert not User.objects.exists()


def test_a_hash_that_changes_every_time_stops_the_deletion(user: Any, meanwhile: Any):
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


def test_a_project_may_refuse_and_nothing_has_changed(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.accounts.test_deletion.refuse", "THROTTLE_RATES": {}}
    owned(user)
    with pytest.raises(SimpleAuthError, match="unpaid bills"):
        accounts.delete(user, PASSWORD)
    assert User.objects.get().first_name == ""
    assert AuthToken.objects.count() == 2


def test_an_anonymized_account_grants_no_access(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.accounts.test_deletion.anonymise", "THROTTLE_RATES": {}}
    owned(user)
    accounts.delete(user, PASSWORD)
    assert User.objects.get().username == f"deleted-{user.pk}"
    for model in (AuthToken, KnownDevice, OneTimeToken, Presence):
        assert not model._base_manager.exists()
    assert register(username="bob", email="bob@example.com")


async def delete_later(user: Any) -> None:
    await user.adelete()  # pragma: no cover


class Later:
    """Something else that can be awaited, such as the result of a decorator."""

    def __init__(self, user: Any) -> None:
        self.user = user

    def __await__(self) -> Any:
        raise AssertionError


@pytest.mark.parametrize("hook", ["delete_later", "Later"])
def test_an_async_hook_is_a_mistake_and_nothing_changes(user: Any, settings: Any, hook: str):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": f"tests.accounts.test_deletion.{hook}", "THROTTLE_RATES": {}}
    owned(user)
    with pytest.raises(TypeError, match="DELETE_ACCOUNT"):
        accounts.delete(user, PASSWORD)
    assert User.objects.exists()
    assert AuthToken.objects.count() == 2


def delete_as_django_does(user: Any) -> Any:
    return user.delete()


def test_a_hook_may_return_what_django_returns(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": f"{__name__}.delete_as_django_does", "THROTTLE_RATES": {}}
    accounts.delete(user, PASSWORD)
    assert not User.objects.exists()


@pytest.mark.parametrize("error", [ProtectedError, RestrictedError])
def test_an_account_protected_by_other_records_is_kept(user: Any, monkeypatch: Any, error: Any):
    def protect(self: Any) -> None:
        raise error("orders", {self})

    monkeypatch.setattr(User, "delete", protect)
    owned(user)
    with pytest.raises(AccountInUse):
        accounts.delete(user, PASSWORD)
    assert AuthToken.objects.count() == 2
