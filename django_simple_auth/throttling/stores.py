"""How often something was tried, counted in atomic steps: in a cache, or in the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from math import ceil
from time import time
from typing import Protocol

from django.core.cache import BaseCache
from django.db import router
from django.db.models import Case, F, Q, QuerySet, Value, When

from ..db import batches
from ..db.fields import TimestampField
from ..models import ThrottleCounter


class AttemptStore(Protocol):
    """Counters with an end, and notes with one, each under its own key."""

    def hit(self, key: str, most: int, seconds: int) -> int:
        """Count one more, unless there are ``most`` already: 0, or the seconds until counting begins anew.

        The first one begins a period of so many seconds. Of simultaneous ones exactly ``most`` get 0.
        """

    def clear(self, key: str) -> None:
        """Counting begins anew."""

    def remember(self, key: str, seconds: int) -> None:
        """Note the key for so many seconds from now."""

    def remembers(self, key: str) -> bool:
        """Whether the key is noted."""


def counts_atomically(cache: BaseCache) -> bool:
    """Whether the cache counts in one step. Django's database, file and dummy caches read first and write then."""
    return type(cache).incr is not BaseCache.incr


@dataclass(frozen=True)
class CacheStore:
    """In a cache that ``can_count``."""

    cache: BaseCache

    def hit(self, key: str, most: int, seconds: int) -> int:
        for _ in range(3):
            if self.cache.add(key, 1, seconds):
                self._note_end(key, seconds)
                return 0
            try:
                count = int(self.cache.incr(key))
            except ValueError:
                # The period ended between the two steps.
                continue
            if count > most:
                return self._remaining(key, seconds)
            if count == 1:
                # The period ended within incr(): Django's Redis asks whether there is a counter and then counts, and
                # the counter that it makes so would never end.
                self._end(key, seconds)
            return 0
        raise RuntimeError("The cache neither keeps a counter nor says why.")

    def clear(self, key: str) -> None:
        self.cache.delete_many([key, f"{key}:until"])

    def remember(self, key: str, seconds: int) -> None:
        self.cache.set(key, 1, seconds)

    def remembers(self, key: str) -> bool:
        return self.cache.get(key) is not None

    def _remaining(self, key: str, seconds: int) -> int:
        until: float | None = self.cache.get(f"{key}:until")
        if until is None:
            # Evicted. Or never written, because whoever began to count died; then the counter may be without an end.
            self._end(key, seconds)
            return seconds
        return max(1, ceil(until - time()))

    def _end(self, key: str, seconds: int) -> None:
        self.cache.touch(key, seconds)
        self._note_end(key, seconds)

    def _note_end(self, key: str, seconds: int) -> None:
        # Django's caches do not tell how long a key has to live.
        self.cache.set(f"{key}:until", time() + seconds, seconds)


class DatabaseStore:
    """In rows of the model ``Counter``. Not within a transaction: it would lock them, and could take them back."""

    def hit(self, key: str, most: int, seconds: int) -> int:
        row = _row(key)
        while True:
            now = time()
            at, until = _instant(now), _instant(now + seconds)
            # Those above the limit read and do not write: a flood of them holds up nobody.
            found = row.first()
            if found is None:
                ThrottleCounter.objects.using(row.db).bulk_create(
                    [ThrottleCounter(digest=_digest(key), count=0, expires_at=until)], ignore_conflicts=True
                )
            elif found.expires_at > at and found.count >= most:
                remaining: timedelta = found.expires_at - at
                return ceil(remaining.total_seconds())
            dead = Q(expires_at__lte=at)
            # What was read may be out of date; whether the row is written decides. MariaDB evaluates the assignments
            # from left to right, each with the values that those before it have set: the end comes last.
            if row.filter(dead | Q(count__lt=most)).update(
                count=Case(When(dead, then=Value(1)), default=F("count") + 1),
                expires_at=Case(When(dead, then=Value(until, TimestampField())), default=F("expires_at")),
            ):
                return 0

    def clear(self, key: str) -> None:
        # Not deleted: the next attempt has a row to write to.
        _row(key).update(expires_at=_instant(time()))

    def remember(self, key: str, seconds: int) -> None:
        until = _instant(time() + seconds)
        row = _row(key)
        if not row.update(expires_at=until):
            ThrottleCounter.objects.using(row.db).bulk_create(
                [ThrottleCounter(digest=_digest(key), count=0, expires_at=until)], ignore_conflicts=True
            )

    def remembers(self, key: str) -> bool:
        return _row(key).filter(expires_at__gt=_instant(time())).exists()


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete the counters whose period has ended, batch by batch; yields the size of each."""
    dead = ThrottleCounter.objects.using(router.db_for_write(ThrottleCounter)).filter(expires_at__lte=_instant(time()))
    return batches.delete(dead, batch_size)


def _row(key: str) -> QuerySet[ThrottleCounter]:
    # Never from a replica, which may not know yet what was counted.
    return ThrottleCounter.objects.using(router.db_for_write(ThrottleCounter)).filter(digest=_digest(key))


def _digest(key: str) -> bytes:
    return sha256(key.encode()).digest()


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
