"""A saved password ends tokens, whichever code saves it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from django_simple_auth.accounts import passwords
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import issuing
from tests.support.client import PASSWORD
from tests.support.passwords import (
    NEW,
    Save,
    everything,
    password_alone,
    unusable,
    with_a_hash,
    with_set_password,
)

User = get_user_model()


MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"


SCRYPT = "django.contrib.auth.hashers.ScryptPasswordHasher"


@pytest.mark.parametrize("save_it", [everything, password_alone])
@pytest.mark.parametrize("change", [with_a_hash, unusable, with_set_password])
def test_every_way_to_set_a_password_ends_tokens(save_ends_tokens: Any, change: Save, save_it: Save):
    assert save_ends_tokens(lambda user: (change(user), save_it(user)))


@pytest.mark.parametrize("save_it", [everything, password_alone])
@pytest.mark.parametrize("change", [with_a_hash, unusable, with_set_password])
def test_an_instance_saved_before_ends_tokens_too(save_ends_tokens: Any, user: Any, change: Save, save_it: Save):
    user.set_password(PASSWORD)
    user.save()
    assert user.check_password(PASSWORD)
    assert save_ends_tokens(lambda user: (change(user), save_it(user)))


@pytest.mark.parametrize("save_it", [everything, password_alone])
def test_an_unusable_password_ends_tokens_with_an_old_hash(
    save_ends_tokens: Any, user: Any, settings: Any, save_it: Save
):
    user.set_password(PASSWORD)
    user.save()
    settings.PASSWORD_HASHERS = [SCRYPT, MD5]
    assert save_ends_tokens(lambda user: (unusable(user), save_it(user)))


def test_a_password_that_becomes_usable_ends_tokens(save_ends_tokens: Any, user: Any):
    User.objects.update(password=make_password(None))
    assert save_ends_tokens(lambda user: (with_a_hash(user), user.save()))


def test_a_stale_instance_with_the_old_password_ends_tokens(save_ends_tokens: Any, user: Any):
    User.objects.update(password=make_password(NEW))
    assert save_ends_tokens(everything)


def test_another_instance_of_the_same_user_ends_tokens(save_ends_tokens: Any, user: Any):
    copy = User(pk=user.pk, username="bob", email="bob@example.com", password=make_password(NEW))
    assert save_ends_tokens(everything, copy)


def test_the_changepassword_command_ends_tokens(save_ends_tokens: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("getpass.getpass", lambda *prompt, **kwargs: NEW)
    assert save_ends_tokens(lambda user: call_command("changepassword", "bob", verbosity=0))


@pytest.mark.parametrize(
    "entered", [{"usable_password": "false"}, {"usable_password": "true", "password1": NEW, "password2": NEW}]
)
def test_djangos_admin_form_ends_tokens(save_ends_tokens: Any, user: Any, entered: Any):
    form = AdminPasswordChangeForm(user, entered)
    assert form.is_valid()
    assert save_ends_tokens(lambda user: form.save())


def test_keys_may_be_kept_by_setting(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"KEEP_KEYS_ON_CHANGE": True}
    key = issuing.issue(user, AuthToken.Purpose.KEY).row
    with_a_hash(user)
    user.save()
    assert AuthToken.objects.get() == key


@pytest.mark.parametrize("save_it", [everything, password_alone])
def test_saving_the_same_hash_ends_nothing(save_ends_tokens: Any, save_it: Save):
    assert not save_ends_tokens(save_it)


def test_saving_the_same_hash_costs_one_select(user: Any):
    with CaptureQueriesContext(connection) as queries:
        user.save(update_fields=["password"])
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "UPDATE"]


def test_a_save_without_the_password_costs_no_query(user: Any):
    with_a_hash(user)
    with CaptureQueriesContext(connection) as queries:
        user.save(update_fields=["last_login"])
    assert len(queries) == 1


def test_a_hash_that_is_not_saved_ends_nothing(save_ends_tokens: Any):
    assert not save_ends_tokens(lambda user: (with_a_hash(user), user.save(update_fields=["first_name"])))


def test_a_second_unusable_password_ends_nothing(save_ends_tokens: Any, user: Any):
    User.objects.update(password=make_password(None))
    assert not save_ends_tokens(lambda user: (unusable(user), user.save()))


def test_a_new_user_is_not_a_password_change(db: None, sent: Any, django_capture_on_commit_callbacks: Any):
    with django_capture_on_commit_callbacks(execute=True):
        User.objects.create_user("ann", password=NEW)
        User(pk=77, username="eve", password=make_password(NEW)).save()
    assert sent == []


def test_loading_a_fixture_ends_nothing(save_ends_tokens: Any):
    assert not save_ends_tokens(lambda user: (with_a_hash(user), user.save_base(raw=True)))


def test_a_failed_save_has_no_later_effect(save_ends_tokens: Any, user: Any, monkeypatch: Any):
    before = user.password
    with_a_hash(user)
    with monkeypatch.context() as patched:
        patched.setattr(User, "save_base", fail_after_pre_save)
        with pytest.raises(ConnectionError):
            user.save()
    user.password = before
    assert not save_ends_tokens(lambda user: user.save(update_fields=["first_name"]))


def fail_after_pre_save(self: Any, using: Any = None, update_fields: Any = None, **kwargs: Any) -> None:
    models.signals.pre_save.send(sender=type(self), instance=self, raw=False, using=using, update_fields=update_fields)
    raise ConnectionError


def test_a_service_sends_its_own_cause_once(user: Any, sent: Any, django_capture_on_commit_callbacks: Any):
    with django_capture_on_commit_callbacks(execute=True):
        passwords.change(user, PASSWORD, NEW)
    assert sent == [(user, "change")]


def test_other_users_saved_by_a_receiver_are_detected(user: Any, sent: Any, django_capture_on_commit_callbacks: Any):
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
    assert sorted(sent, key=str) == [(ann, "elsewhere"), (user, "change")]
