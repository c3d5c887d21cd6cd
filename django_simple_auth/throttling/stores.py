"""Count attempts atomically: in a cache, or in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from math import ceil
from time import time
from typing import Protocol

from django.core.cache import BaseCache
from django.db.models import Case, F, Q, QuerySet, Value, When

from ..db import batches
from ..db.fields import TimestampField
from ..models import ThrottleCounter

_TICK = 0.125
"""Seconds. Coarse, so that a counter's number stays below 2**63, the limit of Redis."""
_MOST = 2**28
"""More attempts than fit into a period."""


class AttemptStore(Protocol):
    """Counters and flags that expire, each under its own key."""

    def hit(self, key: str, most: int, seconds: int) -> int:
        """Count one attempt and return 0; above ``most``, return the seconds until the period ends.

        The first attempt begins a period of ``seconds``. Of simultaneous attempts exactly ``most`` get 0.
        """

    def clear(self, key: str) -> None:
        """Reset the counter."""

    def remember(self, key: str, seconds: int) -> None:
        """Set the flag for ``seconds`` from now."""

    def remembers(self, key: str) -> bool:
        """Whether the flag is set."""


def counts_atomically(cache: BaseCache) -> bool:
    """Whether ``incr`` is atomic. Django's database, file and dummy caches read and then write."""
    return type(cache).incr is not BaseCache.incr


@dataclass(frozen=True)
class CacheStore:
    """In a cache that ``counts_atomically``.

    Django's cache API cannot say when a key expires. So a counter's number is the time when its period began, in _TICKs
    since 1970, times _MOST, plus the count. A second key for the time would cost every counter another round trip.
    """

    cache: BaseCache

    def hit(self, key: str, most: int, seconds: int) -> int:
        for _ in range(3):
            fresh = int(time() / _TICK) * _MOST
            if self.cache.add(key, fresh + 1, seconds):
                return 0
            try:
                began, count = divmod(int(self.cache.incr(key)), _MOST)
                if count == 1:
                    # The period ended within incr(): Django's Redis cache checks for the counter and then increments
                    # it, and the counter that it creates so would never expire.
                    self.cache.incr(key, fresh)
                    self.cache.touch(key, seconds)
            except ValueError:
                # The counter expired or was cleared between two steps.
                continue
            if count <= most:
                return 0
            if began == 0:
                # As above, but the process that created it has crashed, or has not come to the next step yet.
                self.cache.set(key, fresh + count, seconds)
                return seconds
            # Never more than the period, also if both have happened.
            return min(seconds, max(1, ceil(began * _TICK + seconds - time())))
        raise RuntimeError("The cache does not keep the counter, and reports no error.")

    def clear(self, key: str) -> None:
        self.cache.delete(key)

    def remember(self, key: str, seconds: int) -> None:
        self.cache.set(key, 1, seconds)

    def remembers(self, key: str) -> bool:
        return self.cache.get(key) is not None


class DatabaseStore:
    """In rows of ThrottleCounter. Not for use within a transaction: it would lock them, and could roll them back."""

    def hit(self, key: str, most: int, seconds: int) -> int:
        row = _row(key)
        while True:
            now = time()
            at, until = _datetime(now), _datetime(now + seconds)
            # Attempts above the limit only read, so that they do not block others.
            found = row.first()
            if found is None:
                ThrottleCounter.objects.bulk_create(
                    [ThrottleCounter(digest=_digest(key), count=0, expires_at=until)], ignore_conflicts=True
                )
            elif found.expires_at > at and found.count >= most:
                remaining: timedelta = found.expires_at - at
                return ceil(remaining.total_seconds())
            ended = Q(expires_at__lte=at)
            # What was read may be out of date; whether the UPDATE finds the row decides. MariaDB evaluates the
            # assignments from left to right, each with the values that those before it have set: the end comes last.
            if row.filter(ended | Q(count__lt=most)).update(
                count=Case(When(ended, then=Value(1)), default=F("count") + 1),
                expires_at=Case(When(ended, then=Value(until, TimestampField())), default=F("expires_at")),
            ):
                return 0

    def clear(self, key: str) -> None:
        # Not deleted, so that the next attempt has a row to update.
        _row(key).update(expires_at=_datetime(time()))

    def remember(self, key: str, seconds: int) -> None:
        until = _datetime(time() + seconds)
        row = _row(key)
        if not row.update(expires_at=until):
            ThrottleCounter.objects.using(row.db).bulk_create(
                [ThrottleCounter(digest=_digest(key), count=0, expires_at=until)], ignore_conflicts=True
            )

    def remembers(self, key: str) -> bool:
        return _row(key).filter(expires_at__gt=_datetime(time())).exists()


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete the counters whose period has ended, batch by batch; yields the size of each."""
    return batches.delete(ThrottleCounter.objects.filter(expires_at__lte=_datetime(time())), batch_size)


def _row(key: str) -> QuerySet[ThrottleCounter]:
    return ThrottleCounter.objects.filter(digest=_digest(key))


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()


def _datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
