"""Count attempts, and set the flags that throttling needs.

They are stored in Django's default cache; or in the database, if THROTTLE_STORE says so, if the cache cannot count
atomically, and while the cache is down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest

from .. import signals
from ..conf import conf
from ..db.transactions import is_in_transaction
from ..exceptions import TooManyAttempts
from ..models import ThrottleCounter
from .circuit_breaker import CircuitBreaker, ServiceDown
from .stores import AttemptStore, CacheStore, DatabaseStore, counts_atomically

logger = logging.getLogger("django_simple_auth.throttling.attempts")

NUL = "\0"
_cache = CircuitBreaker()
# Not documented: a cache that is not in CACHES, so that projects need not configure one for this.
_memory = CacheStore(LocMemCache("django_simple_auth", {"OPTIONS": {"MAX_ENTRIES": 100_000}}))
_T = TypeVar("_T")


def hit(scope: str, *who: str, request: HttpRequest | None = None) -> None:
    """Count one attempt; raises ``TooManyAttempts`` above THROTTLE_RATES[scope].

    The period begins with the first attempt. Each attempt is counted before it is checked, so that simultaneous ones
    cannot pass together, and no lock is held when this returns.
    """
    rate = conf.THROTTLE_RATES.get(scope)
    if rate is None:
        return
    attempts, period = rate
    key = _key(scope, who)
    if wait := _with_store(lambda store: store.hit(key, attempts, period)):
        signals.rate_limit_exceeded.send(user=None, request=request, scope=scope)
        raise TooManyAttempts(wait)


def clear(scope: str, *who: str) -> None:
    """Reset the counter."""
    key = _key(scope, who)
    _with_store(lambda store: store.clear(key))


def remember(what: str, *who: str, seconds: int) -> None:
    """Set a flag for this many seconds, or less if the cache fails or is cleared meanwhile."""
    key = _key(what, who)
    _with_store(lambda store: store.remember(key, seconds))


def remembers(what: str, *who: str) -> bool:
    """Whether the flag is set."""
    key = _key(what, who)
    return _with_store(lambda store: store.remembers(key))


def _key(what: str, who: tuple[str, ...]) -> str:
    # Hashed, because what clients send is not a valid cache key and should not be stored.
    return f"simple_auth:{what}:{sha256(NUL.join(who).encode()).hexdigest()}"


def _with_store(work: Callable[[AttemptStore], _T]) -> _T:
    cache = caches[DEFAULT_CACHE_ALIAS]
    if conf.THROTTLE_STORE == "database" or not counts_atomically(cache):
        return work(_in_database())
    if isinstance(cache, LocMemCache):
        # Within this process, so it cannot hang.
        return work(CacheStore(cache))
    try:
        # Looked up again in the thread: each thread has its own connection to the cache.
        return _cache.call(lambda: work(CacheStore(caches[DEFAULT_CACHE_ALIAS])))
    except ServiceDown as down:
        if down.__cause__ is not None:
            logger.warning("The cache is down; limits are counted in the database.", exc_info=down.__cause__)
        return work(_in_database())


def _in_database() -> AttemptStore:
    """Rows in the database, or the memory of this process within a transaction of your project.

    A row would stay locked until the end of that transaction, while a password is hashed, and a rollback would undo the
    count.
    """
    return _memory if is_in_transaction(ThrottleCounter.objects.db) else DatabaseStore()
