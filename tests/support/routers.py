"""Database routers as projects with several databases write them."""

from __future__ import annotations

from typing import Any


class PrimaryAndReplica:
    """Writes go to ``default``; every read from the replica fails."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        raise AssertionError(f"{model} was read from a replica.")

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "default"
