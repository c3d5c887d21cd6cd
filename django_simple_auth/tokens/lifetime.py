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
    ends = [] if (latest := ends_at_latest(row)) is None else [latest]
    if row.purpose == AuthToken.Purpose.LOGIN and (idle := conf.TOKEN_IDLE_TIMEOUT_SECONDS) is not None:
        ends.append(row.last_used_at + timedelta(seconds=idle))
    return min(ends, default=None)


def ends_at_latest(row: AuthToken) -> datetime | None:
    """When the token expires however much it is used; None: never."""
    ends = [] if row.expires_at is None else [row.expires_at]
    if row.purpose == AuthToken.Purpose.LOGIN and (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        ends.append(row.created_at + timedelta(seconds=lifetime))
    return min(ends, default=None)
