"""The current time, in the one place that a test replaces."""

from __future__ import annotations

from datetime import datetime, timezone


def now() -> datetime:
    """Aware, whatever USE_TZ says."""
    return datetime.now(timezone.utc)
