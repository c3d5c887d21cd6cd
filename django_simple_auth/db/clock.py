"""The current time; the one place that tests replace."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> datetime:
    """Aware, whatever USE_TZ says."""
    return datetime.now(timezone.utc)
