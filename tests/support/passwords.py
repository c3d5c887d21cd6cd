"""Ways to set a password, and to save it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.hashers import make_password

NEW = "canary-Battery-Staple-8"
UPGRADE = ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.MD5PasswordHasher"]
"""PASSWORD_HASHERS with which Django upgrades the hashes of this suite."""
Save = Callable[[Any], None]


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
