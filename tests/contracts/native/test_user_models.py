"""me/ of the native contract with other user models: it shows what PATCH me/ takes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.test.utils import isolate_apps

from django_simple_auth.contracts import native
from django_simple_auth.identity import user_model
from django_simple_auth.wire import serializers

with isolate_apps("django.contrib.auth", "django.contrib.contenttypes", "tests"):

    class Stock(AbstractUser):
        class Meta:
            app_label = "tests"

    class LogsInByEmail(AbstractUser):
        email = models.EmailField(unique=True)
        USERNAME_FIELD = "email"
        REQUIRED_FIELDS = ["username"]

        class Meta:
            app_label = "tests"

    class HasOnlyAnEmail(AbstractBaseUser):
        email = models.EmailField(unique=True)
        USERNAME_FIELD = "email"

        class Meta:
            app_label = "tests"

    class HasOnlyANick(AbstractBaseUser):
        nick = models.CharField(max_length=30, unique=True)
        USERNAME_FIELD = "nick"

        class Meta:
            app_label = "tests"

    class HasAFirstName(AbstractBaseUser):
        email = models.EmailField(unique=True)
        first_name = models.CharField(max_length=30)
        USERNAME_FIELD = "email"

        class Meta:
            app_label = "tests"

    class HasTheNickAsItsKey(AbstractBaseUser):
        nick = models.CharField(max_length=30, primary_key=True)
        USERNAME_FIELD = "nick"

        class Meta:
            app_label = "tests"


@pytest.mark.parametrize(
    ("model", "changeable", "fixed"),
    [
        (Stock, {"username", "first_name", "last_name"}, {"id", "email"}),
        (LogsInByEmail, {"username", "first_name", "last_name"}, {"id", "email"}),
        (HasOnlyAnEmail, set(), {"id", "email"}),
        (HasOnlyANick, {"nick"}, {"id"}),
        (HasAFirstName, {"first_name"}, {"id", "email"}),
        (HasTheNickAsItsKey, set(), {"id", "nick"}),
    ],
)
def test_me_shows_what_a_patch_takes(monkeypatch: Any, model: Any, changeable: set[str], fixed: set[str]):
    for module in (user_model, serializers):
        monkeypatch.setattr(module, "get_user_model", lambda: model)
    assert set(native.Profile().fields) == changeable
    assert set(native.OwnAccount().fields) == changeable | fixed
