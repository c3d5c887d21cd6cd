"""Whether a token is still good: a pure function of its row, the settings and the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from django.db.models import Q

from ..conf import conf
from ..models import AuthToken

USE_INTERVAL = timedelta(minutes=1)
"""How exactly the last use of a token is recorded: a write for every request would be too much."""


class Verdict(Enum):
    LIVE = "live"
    EXPIRED = "expired"
    USER_INACTIVE = "user inactive"


def judge(row: AuthToken, at: datetime) -> Verdict:
    """Whether a row that was loaded with its user grants access at that time. No query."""
    end = ends_at(row)
    if end is not None and end <= at:
        return Verdict.EXPIRED
    return Verdict.LIVE if row.user.is_active else Verdict.USER_INACTIVE


def needs_use_recorded(row: AuthToken, at: datetime) -> bool:
    """Whether the last recorded use is too long ago."""
    since: timedelta = at - row.last_used_at
    return since >= USE_INTERVAL


def expired(at: datetime) -> Q:
    """The rows that ``judge`` calls expired at that time, for a query."""
    ended = Q(expires_at__lte=at)
    login = Q(purpose=AuthToken.Purpose.LOGIN)
    if (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        ended |= login & Q(created_at__lte=at - timedelta(seconds=lifetime))
    if (idle := conf.TOKEN_IDLE_TIMEOUT_SECONDS) is not None:
        ended |= login & Q(last_used_at__lte=at - timedelta(seconds=idle))
    return ended


def ends_at(row: AuthToken) -> datetime | None:
    """When the token expires if it is not used again; None: never."""
    latest = ends_at_latest(row)
    if row.purpose != AuthToken.Purpose.LOGIN or (idle := conf.TOKEN_IDLE_TIMEOUT_SECONDS) is None:
        return latest
    return _earlier(latest, row.last_used_at + timedelta(seconds=idle))


def ends_at_latest(row: AuthToken) -> datetime | None:
    """When the token expires however much it is used; None: never."""
    own: datetime | None = row.expires_at
    if row.purpose != AuthToken.Purpose.LOGIN or (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is None:
        return own
    return _earlier(own, row.created_at + timedelta(seconds=lifetime))


def _earlier(end: datetime | None, other: datetime) -> datetime:
    return other if end is None else min(end, other)
