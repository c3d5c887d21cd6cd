"""Whether people can have accounts and get into them."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib.auth import get_user_model
from django.core import checks
from django.core.checks import CheckMessage

from .. import users
from .registry import check


@check()
def check_user_model() -> Iterator[CheckMessage]:
    """E003: a user model whose manager cannot make users."""
    if hasattr(users.manager(), "create_user"):
        return
    yield checks.Error(
        f"The manager of {get_user_model()._meta.label} has no create_user().",
        hint="Derive it from django.contrib.auth.models.BaseUserManager and define create_user(), as Django's "
        "documentation on custom user models shows.",
        id="django_simple_auth.E003",
    )
