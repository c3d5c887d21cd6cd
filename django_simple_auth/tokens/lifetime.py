"""When a token expires: a pure function of its row, the settings and the clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from ..conf import conf
from ..models import AuthToken


def expired(at: datetime) -> Q:
    """The rows that are dead at that time: by the expiry they were given, or by today's settings."""
    dead = Q(expires_at__lte=at)
    login = Q(purpose=AuthToken.Purpose.LOGIN)
    if (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        dead |= login & Q(created_at__lte=at - timedelta(seconds=lifetime))
    if (idle := conf.TOKEN_IDLE_TIMEOUT_SECONDS) is not None:
        dead |= login & Q(last_used_at__lte=at - timedelta(seconds=idle))
    return dead


def is_expired(row: AuthToken, at: datetime) -> bool:
    """What ``expired`` asks of the database, asked of one row."""
    return (end := ends_at(row)) is not None and end <= at


def ends_at(row: AuthToken) -> datetime | None:
    """The first of the ends that await the token if it is not used again; None: it has none."""
    ends = [] if (latest := ends_at_latest(row)) is None else [latest]
    if row.purpose == AuthToken.Purpose.LOGIN and (idle := conf.TOKEN_IDLE_TIMEOUT_SECONDS) is not None:
        ends.append(row.last_used_at + timedelta(seconds=idle))
    return min(ends, default=None)


def ends_at_latest(row: AuthToken) -> datetime | None:
    """The end that awaits the token however much it is used; None: it has none."""
    ends = [] if row.expires_at is None else [row.expires_at]
    if row.purpose == AuthToken.Purpose.LOGIN and (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        ends.append(row.created_at + timedelta(seconds=lifetime))
    return min(ends, default=None)
