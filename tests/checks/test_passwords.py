from __future__ import annotations

from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.auth import hashers

from django_simple_auth.checks.passwords import LEAST
from tests.support.checks import said

DJANGOS = "django.contrib.auth.hashers"


class Hurried(hashers.PBKDF2PasswordHasher):
    """For a project that finds logins too slow."""

    iterations = 100_000


class Lacking(hashers.Argon2PasswordHasher):
    """Django's hasher, without its library."""

    library = ("argon2", "no_such_library.argon2")


class LackingBcrypt(hashers.BCryptPasswordHasher):
    library = "no_such_library"  # type: ignore[assignment]


class Own(hashers.BasePasswordHasher):
    """A hasher of the project's own."""

    algorithm = "own"


@pytest.mark.parametrize(
    ("hasher", "weakness"),
    [
        (f"{DJANGOS}.MD5PasswordHasher", "MD5PasswordHasher is meant for tests"),
        (f"{__name__}.Hurried", "Hurried has iterations = 100000, which should be at least 600000"),
        (f"{DJANGOS}.ScryptPasswordHasher", None),
        (f"{__name__}.Own", None),
    ],
)
def test_w010_a_weak_hasher_comes_first(settings: Any, hasher: str, weakness: str | None):
    settings.PASSWORD_HASHERS = [hasher]
    found = said("W010")
    assert len(found) == (weakness is not None)
    assert all(str(weakness) in message.msg for message in found)
    assert not said("W010", include_deployment_checks=False)


def test_w010_passes_for_djangos_default(settings: Any):
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    assert not said("W010")


@pytest.mark.parametrize("cls", LEAST)
def test_every_minimum_is_of_an_attribute_of_the_hasher(cls: Any):
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
def test_e008_the_first_hasher_does_not_work(settings: Any, hasher: str | None, reason: str):
    settings.PASSWORD_HASHERS = [hasher] if hasher else []
    (message,) = said("E008")
    assert message.msg == f"The first of PASSWORD_HASHERS cannot hash passwords: {reason}"
    assert "Django's default needs no library" in message.hint
    assert said("E008", include_deployment_checks=False)
    assert not said("W010")


def test_e008_passes_if_only_an_old_hasher_is_broken(settings: Any):
    settings.PASSWORD_HASHERS = [*global_settings.PASSWORD_HASHERS[:1], f"{__name__}.Lacking"]
    assert not said("E008")


@pytest.mark.parametrize("validators", [[], ()])
def test_w017_any_password_is_accepted(settings: Any, validators: Any):
    settings.AUTH_PASSWORD_VALIDATORS = validators
    (message,) = said("W017")
    assert "AUTH_PASSWORD_VALIDATORS is empty" in message.msg
    assert "MinimumLengthValidator" in message.hint
    assert not said("W017", include_deployment_checks=False)


def test_w017_passes_with_a_validator(settings: Any):
    settings.AUTH_PASSWORD_VALIDATORS = [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"}]
    assert not said("W017")
