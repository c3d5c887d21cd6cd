from __future__ import annotations

from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.auth import hashers

from django_simple_auth.checks.passwords import LEAST
from tests.support.checks import said

DJANGOS = "django.contrib.auth.hashers"


class Hurried(hashers.PBKDF2PasswordHasher):
    """What hosts write who find logins too slow."""

    iterations = 100_000


class Lacking(hashers.Argon2PasswordHasher):
    """Django's own, in an environment without its library."""

    library = ("argon2", "no_such_library.argon2")


class LackingBcrypt(hashers.BCryptPasswordHasher):
    library = "no_such_library"  # type: ignore[assignment]


class Own(hashers.BasePasswordHasher):
    """One that only the host knows."""

    algorithm = "own"


@pytest.mark.parametrize(
    ("hasher", "fault"),
    [
        (f"{DJANGOS}.MD5PasswordHasher", "MD5PasswordHasher is made for tests"),
        (f"{__name__}.Hurried", "Hurried has iterations = 100000, and should have 600000 at least"),
        (f"{DJANGOS}.ScryptPasswordHasher", None),
        (f"{__name__}.Own", None),
    ],
)
def test_w010_hashes_that_can_be_guessed(settings: Any, hasher: str, fault: str | None):
    settings.PASSWORD_HASHERS = [hasher]
    found = said("W010")
    assert len(found) == (fault is not None)
    assert all(str(fault) in message.msg for message in found)
    assert not said("W010", include_deployment_checks=False)


def test_w010_says_nothing_of_djangos_default(settings: Any):
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    assert not said("W010")


@pytest.mark.parametrize("cls", LEAST)
def test_every_least_value_is_one_that_the_hasher_has(cls: Any):
    name, least = LEAST[cls]
    assert type(getattr(cls, name)) is type(least)


@pytest.mark.parametrize(
    ("hasher", "reason"),
    [
        ("no.such.Hasher", "No module named 'no'"),
        (f"{__name__}.Lacking", "No module named 'no_such_library'"),
        (f"{__name__}.LackingBcrypt", "No module named 'no_such_library'"),
        (None, "it is empty."),
    ],
)
def test_e008_nothing_hashes_passwords(settings: Any, hasher: str | None, reason: str):
    settings.PASSWORD_HASHERS = [hasher] if hasher else []
    (message,) = said("E008")
    assert message.msg == f"The first of PASSWORD_HASHERS cannot hash passwords: {reason}"
    assert "Django's default needs nothing" in message.hint
    assert said("E008", include_deployment_checks=False)
    assert not said("W010")


def test_e008_is_of_no_concern_for_hashers_that_only_read_old_passwords(settings: Any):
    settings.PASSWORD_HASHERS = [*global_settings.PASSWORD_HASHERS[:1], f"{__name__}.Lacking"]
    assert not said("E008")
