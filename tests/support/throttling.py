"""THROTTLE_RATES for a test."""

from __future__ import annotations

from django_simple_auth.conf import DEFAULT_RATES


def only(**rates: str) -> dict[str, str | None]:
    """THROTTLE_RATES with these limits and no other."""
    return {**dict.fromkeys(DEFAULT_RATES), **rates}
