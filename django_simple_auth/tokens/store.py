"""Find, insert and revoke tokens."""

from __future__ import annotations

from django.db import router

from ..models import AuthToken


def primary() -> str:
    """Where tokens are written. They are read there, too: a replica may not know the latest login or logout yet."""
    return router.db_for_write(AuthToken)
