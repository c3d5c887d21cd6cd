"""Registrations over HTTP."""

from __future__ import annotations

from typing import Any

from tests.support.client import PASSWORD

NEW = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}
INVALID = {"invitation": ["This link is invalid or has expired."]}


def register(client: Any, **changed: Any) -> Any:
    """Register Ann, with these fields changed."""
    return client.post("/api/auth/register/", {**NEW, **changed})


def error_types(refused: Any) -> set[type[Exception]]:
    """The classes of the errors in a ``ValidationErrors``."""
    return {type(error) for error in refused.value.errors}
