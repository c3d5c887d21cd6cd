"""Limits for tests."""

from __future__ import annotations

from django_simple_auth.conf import DEFAULT_RATES
from django_simple_auth.exceptions import TooManyAttempts


def only(**rates: str) -> dict[str, str | None]:
    """THROTTLE_RATES with only these limits."""
    return {**dict.fromkeys(DEFAULT_RATES), **rates}


def admitted(count: int, *who: str) -> int:
    """How many of ``count`` attempts are admitted."""
    from django_simple_auth.throttling import attempts

    done = 0
    for _ in range(count):
        try:
            attempts.hit("login", *(who or ("a",)))
        except TooManyAttempts:
            continue
        done += 1
    return done
