from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection, models
from django.db.models.signals import post_save, pre_save
from django.test.utils import isolate_apps

from django_simple_auth import sessions
from django_simple_auth.identity import identifiers
from django_simple_auth.models import AuthToken
from tests.support.client import PASSWORD

User = get_user_model()


@pytest.fixture
def proxy() -> Iterator[Any]:
    """A model defined after the receivers were connected."""
    with isolate_apps("django.contrib.auth"):

        class Customer(User):  # type: ignore[misc, valid-type]
            class Meta:
                proxy = True
                app_label = "auth"

        yield Customer


@pytest.fixture
def child(transactional_db: None) -> Iterator[Any]:
    """A model with a table of its own, defined after the receivers were connected."""
    with isolate_apps("django.contrib.auth"):

        class Employee(User):  # type: ignore[misc, valid-type]
            desk = models.CharField(max_length=20)

            class Meta:
                app_label = "auth"

        with connection.schema_editor() as editor:
            editor.create_model(Employee)
        yield Employee
        with connection.schema_editor() as editor:
            editor.delete_model(Employee)


def changes_are_followed(user: Any) -> bool:
    user.username = "robert"
    sessions.start(User.objects.get())
    user.password = make_password("canary-Battery-Staple-8")
    user.save()
    return identifiers.holder("username", "ROBERT") == User.objects.get() and not AuthToken.objects.exists()


def deactivation_is_followed(user: Any) -> bool:
    sessions.start(User.objects.get())
    user.is_active = False
    user.save(update_fields=["is_active"])
    return not AuthToken.objects.exists()


def test_other_models_have_no_receivers():
    others = [model for model in apps.get_models() if not issubclass(model, User)]
    assert others
    assert [model for model in others if pre_save.has_listeners(model) or post_save.has_listeners(model)] == []


def test_the_user_model_has_receivers():
    assert pre_save.has_listeners(User)
    assert post_save.has_listeners(User)


def test_a_proxy_of_the_user_model_has_receivers(user: Any, proxy: Any):
    assert changes_are_followed(proxy.objects.get())
    assert deactivation_is_followed(proxy.objects.get())


def test_a_child_with_its_own_table_has_receivers(child: Any):
    employee = child(username="bob", password=make_password(PASSWORD), desk="7")
    employee.save()
    assert identifiers.holder("username", "BOB") == User.objects.get()
    assert changes_are_followed(employee)
    assert deactivation_is_followed(employee)


def test_each_save_is_handled_once(user: Any, monkeypatch: Any):
    calls: list[Any] = []
    monkeypatch.setattr(identifiers, "update_on_save", lambda *args: calls.append(args))
    user.save()
    assert len(calls) == 1


def test_a_class_with_the_id_of_a_lost_user_class_is_ignored(user: Any, monkeypatch: Any):
    def fail(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("No user is saved.")

    token = sessions.start(user).row
    monkeypatch.setattr(identifiers, "update_on_save", fail)
    for signal in (pre_save, post_save):
        for receiver in signal._live_receivers(User)[0]:
            receiver(sender=AuthToken, instance=token, created=True, raw=False, using="default", update_fields=None)
