"""Count attempts, and set the flags that throttling needs.

They are stored in Django's default cache; or in the database, if THROTTLE_STORE says so, if the cache cannot count
atomically, and while the cache is down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest

from .. import signals
from ..conf import Rate, conf
from ..db.transactions import is_in_transaction
from ..exceptions import TooManyAttempts
from ..models import ThrottleCounter
from .circuit_breaker import CircuitBreaker, ServiceDown
from .stores import AttemptStore, CacheStore, DatabaseStore, counts_atomically

logger = logging.getLogger("django_simple_auth")

NUL = "\0"
_cache = CircuitBreaker()
# Not documented: a cache that is not in CACHES, so that projects need not configure one for this.
_memory = CacheStore(LocMemCache("django_simple_auth", {"OPTIONS": {"MAX_ENTRIES": 100_000}}))
_T = TypeVar("_T")


@dataclass(frozen=True)
class Exceeded:
    """The limit that an attempt was above."""

    scope: str
    retry_after: int


@dataclass(frozen=True)
class Counters:
    """The counters and flags of one store, by their scope and by who is counted."""

    store: AttemptStore
    rates: Mapping[str, Rate]

    def hit(self, scope: str, *who: str) -> Exceeded | None:
        """Count one attempt; None unless it is above the rate."""
        if (rate := self.rates.get(scope)) is None:
            return None
        wait = self.store.hit(_key(scope, who), *rate)
        return Exceeded(scope, wait) if wait else None

    def clear(self, scope: str, *who: str) -> None:
        self.store.clear(_key(scope, who))

    def remember(self, what: str, *who: str, seconds: int) -> None:
        self.store.remember(_key(what, who), seconds)

    def remembers(self, what: str, *who: str) -> bool:
        return self.store.remembers(_key(what, who))


def hit(scope: str, *who: str, request: HttpRequest | None = None) -> None:
    """Count one attempt; raises ``TooManyAttempts`` above THROTTLE_RATES[scope].

    The period begins with the first attempt. Each attempt is counted before it is checked, so that simultaneous ones
    cannot pass together, and no lock is held when this returns.
    """
    if scope in conf.THROTTLE_RATES:
        check(lambda counters: counters.hit(scope, *who), request)


def clear(scope: str, *who: str) -> None:
    """Reset the counter."""
    in_one_step(lambda counters: counters.clear(scope, *who))


def remember(what: str, *who: str, seconds: int) -> None:
    """Set a flag for this many seconds, or less if the cache fails or is cleared meanwhile."""
    in_one_step(lambda counters: counters.remember(what, *who, seconds=seconds))


def remembers(what: str, *who: str) -> bool:
    """Whether the flag is set."""
    return in_one_step(lambda counters: counters.remembers(what, *who))


def check(count: Callable[[Counters], Exceeded | None], request: HttpRequest | None) -> None:
    """Count in one step; raises ``TooManyAttempts`` if ``count`` returns that a limit is exceeded."""
    if (exceeded := in_one_step(count)) is not None:
        signals.rate_limit_exceeded.send(user=None, request=request, scope=exceeded.scope)
        raise TooManyAttempts(exceeded.retry_after)


def in_one_step(work: Callable[[Counters], _T]) -> _T:
    """Return what ``work`` returns for the store in use; the cache's deadline is for all of it.

    If the cache fails meanwhile, ``work`` runs again, for the database. It must raise nothing of its own: that would be
    taken for a failure of the cache.
    """
    rates = conf.THROTTLE_RATES
    cache = caches[DEFAULT_CACHE_ALIAS]
    if conf.THROTTLE_STORE == "database" or not counts_atomically(cache):
        return work(Counters(_in_database(), rates))
    if isinstance(cache, LocMemCache):
        # Within this process, so it cannot hang.
        return work(Counters(CacheStore(cache), rates))
    try:
        # Looked up again in the thread: each thread has its own connection to the cache.
        return _cache.call(lambda: work(Counters(CacheStore(caches[DEFAULT_CACHE_ALIAS]), rates)))
    except ServiceDown as down:
        if down.__cause__ is not None:
            logger.warning("The cache is down; limits are counted in the database.", exc_info=down.__cause__)
        return work(Counters(_in_database(), rates))


def _key(what: str, who: tuple[str, ...]) -> str:
    # Hashed, because what clients send is not a valid cache key and should not be stored.
    return f"simple_auth:{what}:{sha256(NUL.join(who).encode()).hexdigest()}"


def _in_database() -> AttemptStore:
    """Rows in the database, or the memory of this process within a transaction of your project.

    A row would stay locked until the end of that transaction, while a password is hashed, and a rollback would undo the
    count.
    """
    return _memory if is_in_transaction(ThrottleCounter.objects.db) else DatabaseStore()
