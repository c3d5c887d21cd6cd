"""Checks of what passwords may be, and of their hashers."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import hashers
from django.core import checks
from django.core.checks import CheckMessage

from .registry import check

LEAST: dict[type, tuple[str, int]] = {
    hashers.PBKDF2SHA1PasswordHasher: ("iterations", 1_300_000),
    hashers.PBKDF2PasswordHasher: ("iterations", 600_000),
    hashers.BCryptSHA256PasswordHasher: ("rounds", 10),
    hashers.ScryptPasswordHasher: ("work_factor", 2**14),
    hashers.Argon2PasswordHasher: ("memory_cost", 7168),
}
"""``{hasher: (attribute, minimum)}`` from OWASP's Password Storage Cheat Sheet. Subclasses before their parents."""


@check()
def check_hasher() -> Iterator[CheckMessage]:
    """E008: the preferred password hasher does not work."""
    try:
        _hasher()
    except Exception as error:  # noqa: BLE001  (a hasher can raise anything)
        reason = error if settings.PASSWORD_HASHERS else "it is empty."
        yield checks.Error(
            f"The first of PASSWORD_HASHERS cannot hash passwords: {reason}",
            hint="Install the library that it needs, or remove PASSWORD_HASHERS: Django's default needs no library.",
            id="django_simple_auth.E008",
        )


@check(deploy=True)
def check_hasher_is_strong() -> Iterator[CheckMessage]:
    """W010: new passwords are hashed so fast that stolen hashes can be cracked."""
    try:
        hasher = _hasher()
    except Exception:  # noqa: BLE001  (E008 says so)
        return
    name, least = next((least for cls, least in LEAST.items() if isinstance(hasher, cls)), ("", 0))
    if isinstance(hasher, hashers.MD5PasswordHasher):
        weakness = "is meant for tests"
    elif name and getattr(hasher, name) < least:
        weakness = f"has {name} = {getattr(hasher, name)}, which should be at least {least}"
    else:
        return
    yield checks.Warning(
        f"The password hasher is too weak: {type(hasher).__name__} {weakness}.",
        hint="Put a strong hasher first in PASSWORD_HASHERS, or remove the setting to use Django's default. Existing "
        "passwords are hashed again when their users log in.",
        id="django_simple_auth.W010",
    )


@check(deploy=True)
def check_validators() -> Iterator[CheckMessage]:
    """W017: no validator looks at new passwords."""
    if not settings.AUTH_PASSWORD_VALIDATORS:
        yield checks.Warning(
            "Users may choose any password, even of one letter: AUTH_PASSWORD_VALIDATORS is empty.",
            hint="Set AUTH_PASSWORD_VALIDATORS, at least to MinimumLengthValidator and CommonPasswordValidator of "
            "django.contrib.auth.password_validation.",
            id="django_simple_auth.W017",
        )


def _hasher() -> Any:
    """The hasher of new passwords. Raises ImportError if its library is missing, and whatever Django raises."""
    hasher: Any = hashers.get_hasher()
    if library := getattr(hasher, "library", None):
        import_module(library if isinstance(library, str) else library[-1])
    return hasher
