from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from django_simple_auth import sessions, signals
from django_simple_auth.accounts import password_upgrades, passwords
from django_simple_auth.models import AuthToken, OneTimeToken
from django_simple_auth.tokens import issuing, links
from tests.support.client import PASSWORD

User = get_user_model()
Purpose = OneTimeToken.Purpose
NEW = "canary-Battery-Staple-8"
MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"
SCRYPT = "django.contrib.auth.hashers.ScryptPasswordHasher"
PBKDF2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
Save = Callable[[Any], None]


@pytest.fixture
def told() -> Iterator[list[tuple[Any, str]]]:
    """The users and the ways of every ``password_changed``."""
    heard: list[tuple[Any, str]] = []

    def hear(user: Any, way: str, **facts: Any) -> None:
        heard.append((user, way))

    signals.password_changed.connect(hear)
    yield heard
    signals.password_changed.disconnect(hear)


@pytest.fixture
def save(user: Any, told: Any, django_capture_on_commit_callbacks: Any) -> Callable[..., bool]:
    """Save the user, who has a login and a reset link. Whether both end and it is told; nothing in between."""

    def save(save: Save, saved: Any = None) -> bool:
        saved = user if saved is None else saved
        sessions.start(User.objects.get())
        links.issue(Purpose.RESET, "bob@example.com", User.objects.get())
        with django_capture_on_commit_callbacks(execute=True):
            save(saved)
        remaining = (AuthToken.objects.count(), OneTimeToken.objects.count(), len(told))
        assert remaining in {(0, 0, 1), (1, 1, 0)}
        assert told in ([], [(saved, "elsewhere")])
        return not AuthToken.objects.exists()

    return save


def everything(user: Any) -> None:
    user.save()


def password_alone(user: Any) -> None:
    user.save(update_fields=["password"])


def with_a_hash(user: Any) -> None:
    user.password = make_password(NEW)


def unusable(user: Any) -> None:
    user.set_unusable_password()


def with_set_password(user: Any) -> None:
    user.set_password(NEW)


@pytest.mark.parametrize("save_it", [everything, password_alone])
@pytest.mark.parametrize("change", [with_a_hash, unusable, with_set_password])
def test_another_password_ends_tokens_however_it_is_set(save: Any, change: Save, save_it: Save):
    assert save(lambda user: (change(user), save_it(user)))


@pytest.mark.parametrize("save_it", [everything, password_alone])
@pytest.mark.parametrize("change", [with_a_hash, unusable, with_set_password])
def test_an_instance_that_was_used_before_is_no_exception(save: Any, user: Any, change: Save, save_it: Save):
    user.set_password(PASSWORD)
    user.save()
    assert user.check_password(PASSWORD)
    assert save(lambda user: (change(user), save_it(user)))


@pytest.mark.parametrize("save_it", [everything, password_alone])
def test_a_user_is_locked_out_though_the_hash_is_outdated(save: Any, user: Any, settings: Any, save_it: Save):
    user.set_password(PASSWORD)
    user.save()
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]
    assert save(lambda user: (unusable(user), save_it(user)))


def test_an_unusable_password_becomes_usable(save: Any, user: Any):
    User.objects.update(password=make_password(None))
    assert save(lambda user: (with_a_hash(user), user.save()))


def test_a_stale_instance_that_restores_the_old_password_is_noticed(save: Any, user: Any):
    User.objects.update(password=make_password(NEW))
    assert save(everything)


def test_a_copy_with_the_same_key_is_the_same_user(save: Any, user: Any):
    copy = User(pk=user.pk, username="bob", email="bob@example.com", password=make_password(NEW))
    assert save(everything, copy)


def test_a_command_ends_tokens_too(save: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("getpass.getpass", lambda *prompt, **kwargs: NEW)
    assert save(lambda user: call_command("changepassword", "bob", verbosity=0))


@pytest.mark.parametrize(
    "entered", [{"usable_password": "false"}, {"usable_password": "true", "password1": NEW, "password2": NEW}]
)
def test_djangos_admin_form_ends_tokens_too(save: Any, user: Any, entered: Any):
    form = AdminPasswordChangeForm(user, entered)
    assert form.is_valid()
    assert save(lambda user: form.save())


def test_an_api_key_may_be_kept(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"KEEP_KEYS_ON_CHANGE": True}
    key = issuing.issue(user, AuthToken.Purpose.KEY).row
    with_a_hash(user)
    user.save()
    assert AuthToken.objects.get() == key


# What is no change


@pytest.mark.parametrize("save_it", [everything, password_alone])
def test_the_same_hash_saved_again_ends_nothing(save: Any, save_it: Save):
    assert not save(save_it)


def test_the_same_hash_saved_again_costs_no_revocation(user: Any):
    with CaptureQueriesContext(connection) as queries:
        user.save(update_fields=["password"])
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "UPDATE"]


def test_a_save_that_writes_no_password_costs_no_query(user: Any):
    with_a_hash(user)
    with CaptureQueriesContext(connection) as queries:
        user.save(update_fields=["last_login"])
    assert len(queries) == 1


def test_a_hash_that_is_not_saved_ends_nothing(save: Any):
    assert not save(lambda user: (with_a_hash(user), user.save(update_fields=["first_name"])))


def test_one_unusable_password_is_like_another(save: Any, user: Any):
    User.objects.update(password=make_password(None))
    assert not save(lambda user: (unusable(user), user.save()))


def test_a_new_user_has_no_password_to_change(db: None, told: Any, django_capture_on_commit_callbacks: Any):
    with django_capture_on_commit_callbacks(execute=True):
        User.objects.create_user("ann", password=NEW)
        User(pk=77, username="eve", password=make_password(NEW)).save()
    assert told == []


def test_a_fixture_is_loaded_as_it_is(save: Any):
    assert not save(lambda user: (with_a_hash(user), user.save_base(raw=True)))


def test_a_save_that_fails_is_forgotten(save: Any, user: Any, monkeypatch: Any):
    before = user.password
    with_a_hash(user)
    with monkeypatch.context() as patched:
        patched.setattr(User, "save_base", fail_after_pre_save)
        with pytest.raises(ConnectionError):
            user.save()
    user.password = before
    assert not save(lambda user: user.save(update_fields=["first_name"]))


def fail_after_pre_save(self: Any, using: Any = None, update_fields: Any = None, **kwargs: Any) -> None:
    models.signals.pre_save.send(sender=type(self), instance=self, raw=False, using=using, update_fields=update_fields)
    raise ConnectionError


# A better hash of the same password


@pytest.fixture
def _outdated(user: Any, settings: Any) -> None:
    """The stored hash is one that Django replaces when it next finds the password right."""
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]


def upgraded(algorithm: str = "scrypt") -> bool:
    return bool(User.objects.get().password.startswith(algorithm))


@pytest.mark.usefixtures("_outdated")
def test_djangos_upgrade_ends_nothing(save: Any):
    assert not save(lambda user: authenticate(username="bob", password=PASSWORD))
    assert upgraded()


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_of_an_instance_used_before_ends_nothing(save: Any, user: Any, settings: Any):
    settings.PASSWORD_HASHERS = [MD5]
    user.set_password(PASSWORD)
    user.save()
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]
    assert not save(lambda user: user.check_password(PASSWORD))
    assert upgraded()


@pytest.mark.django_db(transaction=True)
def test_an_upgrade_without_blocking_ends_nothing(save: Any, settings: Any):
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]
    assert not save(lambda user: async_to_sync(user.acheck_password)(PASSWORD))
    assert upgraded()


def test_more_iterations_of_the_same_hash_end_nothing(save: Any, user: Any, settings: Any, monkeypatch: Any):
    settings.PASSWORD_HASHERS = [PBKDF2]
    monkeypatch.setattr(f"{PBKDF2}.iterations", 2)
    User.objects.update(password=make_password(PASSWORD))
    monkeypatch.setattr(f"{PBKDF2}.iterations", 3)
    assert not save(lambda user: User.objects.get().check_password(PASSWORD))
    assert upgraded("pbkdf2_sha256$3$")


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_in_a_services_check_ends_nothing(save: Any):
    assert not save(lambda user: password_upgrades.check(lambda: user.check_password(PASSWORD), PASSWORD))
    assert upgraded()


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_that_overwrites_a_new_password_ends_tokens(save: Any, user: Any):
    """Django writes what it has checked over whatever is stored by then: the old password is back."""
    loaded = User.objects.get()
    User.objects.update(password=make_password(NEW))
    assert save(lambda user: user.check_password(PASSWORD), loaded)
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.usefixtures("_outdated")
def test_a_hash_that_no_hasher_knows_is_no_upgrade(save: Any, user: Any):
    user.set_password(PASSWORD)
    user.save()
    User.objects.update(password="unknown$hash")
    assert save(lambda user: (with_a_hash(user), user.save(update_fields=["password"])))


@pytest.mark.usefixtures("_outdated")
def test_an_upgrade_on_a_model_that_dates_its_saves_is_held_back(user: Any, monkeypatch: Any):
    real = User.save

    def save(self: Any, update_fields: Any = None, **kwargs: Any) -> None:
        real(self, update_fields={*update_fields, "last_login"}, **kwargs)

    sessions.start(user)
    monkeypatch.setattr(User, "save", save)
    held_back: list[Any] = []
    monkeypatch.setattr(password_upgrades, "atomic_with_retry", lambda work, model: held_back.append(model) or work())
    assert password_upgrades.check(lambda: user.check_password(PASSWORD), PASSWORD)
    assert (held_back, upgraded(), AuthToken.objects.count()) == ([User], True, 1)


# Services tell themselves


def test_a_service_tells_its_own_cause_once(user: Any, told: Any, django_capture_on_commit_callbacks: Any):
    with django_capture_on_commit_callbacks(execute=True):
        passwords.change(user, PASSWORD, NEW)
    assert told == [(user, "change")]


def test_while_a_service_saves_one_user_others_are_noticed(
    user: Any, told: Any, django_capture_on_commit_callbacks: Any
):
    ann = User.objects.create_user("ann", password=PASSWORD)

    def change_another(instance: Any, **kwargs: Any) -> None:
        if instance == user:
            ann.set_password(NEW)
            ann.save()

    models.signals.pre_save.connect(change_another, sender=User)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            passwords.change(user, PASSWORD, NEW)
    finally:
        models.signals.pre_save.disconnect(change_another, sender=User)
    assert sorted(told, key=str) == [(ann, "elsewhere"), (user, "change")]
