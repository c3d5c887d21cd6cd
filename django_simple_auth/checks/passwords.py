"""Whether passwords are kept well."""

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
"""``{hasher: (attribute, least value)}``: OWASP Password Storage Cheat Sheet. A subclass stands before its parent."""


@check()
def check_hasher() -> Iterator[CheckMessage]:
    """E008: nothing hashes passwords."""
    try:
        _hasher()
    except Exception as error:  # noqa: BLE001  (whatever it raises, no password is hashed)
        reason = error if settings.PASSWORD_HASHERS else "it is empty."
        yield checks.Error(
            f"The first of PASSWORD_HASHERS cannot hash passwords: {reason}",
            hint="Install what it needs, or remove PASSWORD_HASHERS: Django's default needs nothing.",
            id="django_simple_auth.E008",
        )


@check(deploy=True)
def check_hasher_is_strong() -> Iterator[CheckMessage]:
    """W010: new passwords are hashed so fast that whoever steals the table can guess them."""
    try:
        hasher = _hasher()
    except Exception:  # noqa: BLE001  (E008 says so)
        return
    name, least = next((least for cls, least in LEAST.items() if isinstance(hasher, cls)), ("", 0))
    if isinstance(hasher, hashers.MD5PasswordHasher):
        fault = "is made for tests"
    elif name and getattr(hasher, name) < least:
        fault = f"has {name} = {getattr(hasher, name)}, and should have {least} at least"
    else:
        return
    yield checks.Warning(
        f"Passwords can be guessed by whoever steals their hashes: {type(hasher).__name__} {fault}.",
        hint="Let a strong hasher be the first of PASSWORD_HASHERS, or remove the setting for Django's default. Each "
        "password is hashed anew at its next login.",
        id="django_simple_auth.W010",
    )


def _hasher() -> Any:
    """What hashes new passwords. Raises ImportError if it lacks what it needs, and what Django has against it."""
    hasher: Any = hashers.get_hasher()
    if library := getattr(hasher, "library", None):
        import_module(library if isinstance(library, str) else library[-1])
    return hasher
