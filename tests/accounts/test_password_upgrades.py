"""An upgraded hash of the same password ends nothing and undoes no password change."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password

from django_simple_auth import sessions
from django_simple_auth.accounts import password_upgrades, passwords
from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.identity import user_model
from django_simple_auth.models import AuthToken
from tests.support.accounts import can_log_in, log_in
from tests.support.client import PASSWORD
from tests.support.passwords import NEW, UPGRADE, with_a_hash

User = get_user_model()


MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"


SCRYPT = "django.contrib.auth.hashers.ScryptPasswordHasher"


PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"


@pytest.fixture
def _outdated(user: Any, settings: Any) -> None:
    """The stored hash is one that Django replaces when it next finds the password right."""
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]


def upgraded(algorithm: str = "scrypt") -> bool:
    return bool(User.objects.get().password.startswith(algorithm))


@pytest.mark.usefixtures("_outdated")
def test_djangos_upgrade_ends_nothing(save_ends_tokens: Any):
    assert not save_ends_tokens(lambda user: authenticate(username="bob", password=PASSWORD))
    assert upgraded()


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_by_a_saved_instance_ends_nothing(save_ends_tokens: Any, user: Any, settings: Any):
    settings.PASSWORD_HASHERS = [MD5]
    user.set_password(PASSWORD)
    user.save()
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]
    assert not save_ends_tokens(lambda user: user.check_password(PASSWORD))
    assert upgraded()


@pytest.mark.django_db(transaction=True)
def test_an_asynchronous_upgrade_ends_nothing(save_ends_tokens: Any, settings: Any):
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]
    assert not save_ends_tokens(lambda user: async_to_sync(user.acheck_password)(PASSWORD))
    assert upgraded()


def test_an_upgrade_to_more_iterations_ends_nothing(save_ends_tokens: Any, user: Any, settings: Any, monkeypatch: Any):
    settings.PASSWORD_HASHERS = [PBKDF2]
    monkeypatch.setattr(f"{PBKDF2}.iterations", 2)
    User.objects.update(password=make_password(PASSWORD))
    monkeypatch.setattr(f"{PBKDF2}.iterations", 3)
    assert not save_ends_tokens(lambda user: User.objects.get().check_password(PASSWORD))
    assert upgraded("pbkdf2_sha256$3$")


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_by_a_service_ends_nothing(save_ends_tokens: Any):
    assert not save_ends_tokens(lambda user: password_upgrades.check(lambda: user.check_password(PASSWORD), PASSWORD))
    assert upgraded()


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_over_a_new_password_ends_tokens(save_ends_tokens: Any, user: Any):
    """Django overwrites the new password with an upgraded hash of the old one, which is valid again."""
    loaded = User.objects.get()
    User.objects.update(password=make_password(NEW))
    assert save_ends_tokens(lambda user: user.check_password(PASSWORD), loaded)
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.usefixtures("_outdated")
def test_replacing_an_unknown_hash_ends_tokens(save_ends_tokens: Any, user: Any):
    user.set_password(PASSWORD)
    user.save()
    User.objects.update(password="unknown$hash")
    assert save_ends_tokens(lambda user: (with_a_hash(user), user.save(update_fields=["password"])))


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_with_additional_fields_is_held_back(user: Any, monkeypatch: Any):
    real = User.save

    def save(self: Any, update_fields: Any = None, **kwargs: Any) -> None:
        real(self, update_fields={*update_fields, "last_login"}, **kwargs)

    sessions.start(user)
    monkeypatch.setattr(User, "save", save)
    held_back: list[Any] = []
    monkeypatch.setattr(password_upgrades, "atomic_with_retry", lambda work, model: held_back.append(model) or work())
    assert password_upgrades.check(lambda: user.check_password(PASSWORD), PASSWORD)
    assert (held_back, upgraded(), AuthToken.objects.count()) == ([User], True, 1)


API = "/api/auth"


class CatchesEverything(ModelBackend):
    """A backend that hides every error, as projects write them."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        try:
            return super().authenticate(request, **credentials)
        except Exception:  # noqa: BLE001
            return None


def test_a_backend_that_catches_everything_is_upgraded(user: Any, settings: Any):
    settings.AUTHENTICATION_BACKENDS = ["tests.accounts.test_password_upgrades.CatchesEverything"]
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert can_log_in(PASSWORD)
    user.refresh_from_db()
    assert user.password.startswith("scrypt")


def test_an_upgrade_at_login_keeps_other_sessions(client: Any, user: Any, settings: Any):
    log_in(client, user)
    settings.PASSWORD_HASHERS = UPGRADE
    assert client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).status_code == 200
    assert User.objects.get().password.startswith("scrypt")
    assert client.get(f"{API}/me/").status_code == 200


def test_two_logins_that_upgrade_the_hash_both_succeed(client: Any, user: Any, monkeypatch: Any):
    real = PasswordFactor.verify
    calls: list[str] = []

    def upgrade_meanwhile(*arguments: Any) -> Any:
        found = real(*arguments)
        calls.append("")
        if len(calls) == 1:
            User.objects.update(password=make_password(PASSWORD))
        return found

    monkeypatch.setattr(PasswordFactor, "verify", upgrade_meanwhile)
    assert client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).status_code == 200
    assert len(calls) == 2


def test_an_upgrade_does_not_undo_a_password_change(client: Any, user: Any, monkeypatch: Any):
    """Django loads the user, hashes, and then overwrites the new password with an upgraded hash of the old one."""
    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.must_update", lambda *arguments: True)
    real = User.check_password
    changed: list[str] = []

    def change_meanwhile(self: Any, raw_password: str) -> Any:
        if not changed:
            changed.append(NEW)
            User.objects.update(password=make_password(NEW))
        return real(self, raw_password)

    monkeypatch.setattr(User, "check_password", change_meanwhile)
    assert client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).status_code == 400
    assert User.objects.get().password.startswith("md5")
    assert (real(User.objects.get(), NEW), AuthToken.objects.count()) == (True, 0)


def test_a_change_may_upgrade_the_hash_first(user: Any, settings: Any):
    settings.PASSWORD_HASHERS = UPGRADE
    passwords.change(user, PASSWORD, NEW)
    assert can_log_in(NEW)


def test_a_deleted_users_hash_is_not_upgraded(user: Any, settings: Any, monkeypatch: Any):
    settings.PASSWORD_HASHERS = UPGRADE
    monkeypatch.setattr(user_model, "lock", lambda user, **unchanged: False)
    assert password_upgrades.check(lambda: user.check_password(PASSWORD), PASSWORD)
    assert User.objects.get().password.startswith("md5")


def test_outside_of_a_check_saves_are_not_held_back(user: Any):
    user.password = make_password(NEW)
    user.save(update_fields=["password"])
    assert can_log_in(NEW)
