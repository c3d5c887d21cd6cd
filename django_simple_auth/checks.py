"""What ``manage.py check`` says about a host's settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from . import users
from .conf import KEYS, conf


@register("simple_auth")
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: a value that cannot be meant. E002: a key that does not exist."""
    found: list[CheckMessage] = []
    for name in ["TOKEN_EXPIRED_AFTER_SECONDS", "SIMPLE_AUTH", *sorted(KEYS)]:
        try:
            getattr(conf, name)
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id="django_simple_auth.E001"))
            if name == "SIMPLE_AUTH":
                return found
    for key in sorted(map(str, conf.SIMPLE_AUTH.keys() - KEYS)):
        found.append(
            Error(
                f"SIMPLE_AUTH has no setting {key!r}.",
                hint=f"Remove it, or write one of: {', '.join(sorted(KEYS))}.",
                id="django_simple_auth.E002",
            )
        )
    return found


@register("simple_auth")
def check_user_model(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003: a user model whose manager cannot make users."""
    if hasattr(users.manager(), "create_user"):
        return []
    return [
        Error(
            f"The manager of {get_user_model()._meta.label} has no create_user().",
            hint="Derive it from django.contrib.auth.models.BaseUserManager and define create_user(), as Django's "
            "documentation on custom user models shows.",
            id="django_simple_auth.E003",
        )
    ]
