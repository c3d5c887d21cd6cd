"""How often something may be tried, and what is remembered for that.

In Django's default cache; in the database where the host says so, where the cache cannot count, and while it is down.
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
# Not documented: a cache that is not in CACHES. A project need not configure one for this.
_memory = CacheStore(LocMemCache("django_simple_auth", {"OPTIONS": {"MAX_ENTRIES": 100_000}}))
_T = TypeVar("_T")


def hit(scope: str, *who: str, request: HttpRequest | None = None) -> None:
    """Count one attempt; raises ``TooManyAttempts`` above THROTTLE_RATES[scope].

    The period begins with the first attempt. Each attempt is counted before it is check, so that simultaneous ones
    cannot slip through together, and nothing stays locked when this returns.
    """
    rate = conf.THROTTLE_RATES.get(scope)
    if rate is None:
        return
    attempts, period = rate
    key = _key(scope, who)
    if wait := _ask(lambda counters: counters.hit(key, attempts, period)):
        signals.rate_limit_exceeded.send(user=None, request=request, scope=scope)
        raise TooManyAttempts(wait)


def clear(scope: str, *who: str) -> None:
    """What was counted is forgotten."""
    key = _key(scope, who)
    _ask(lambda counters: counters.clear(key))


def remember(what: str, *who: str, seconds: int) -> None:
    """For ``remembers``, for so long. An outage of the cache, or who empties it, makes that shorter."""
    key = _key(what, who)
    _ask(lambda counters: counters.remember(key, seconds))


def remembers(what: str, *who: str) -> bool:
    key = _key(what, who)
    return _ask(lambda counters: counters.remembers(key))


def _key(what: str, who: tuple[str, ...]) -> str:
    # Hashed: what a stranger typed is neither a valid cache key nor something to keep.
    return f"simple_auth:{what}:{sha256(NUL.join(who).encode()).hexdigest()}"


def _ask(question: Callable[[AttemptStore], _T]) -> _T:
    cache = caches[DEFAULT_CACHE_ALIAS]
    if conf.THROTTLE_STORE == "database" or not counts_atomically(cache):
        return question(_in_database())
    if isinstance(cache, LocMemCache):
        # In this process: it cannot hang.
        return question(CacheStore(cache))
    try:
        # Each thread has a connection of its own to the cache.
        return _cache.call(lambda: question(CacheStore(caches[DEFAULT_CACHE_ALIAS])))
    except ServiceDown as down:
        if down.__cause__ is not None:
            logger.warning("The cache is down; limits are counted in the database.", exc_info=down.__cause__)
        return question(_in_database())


def _in_database() -> AttemptStore:
    """Rows; within a transaction of the project's, this process's memory.

    A row would stay locked to the end of that transaction, while a password is hashed, and a rollback after a refusal
    would undo the count.
    """
    return _memory if is_in_transaction(ThrottleCounter.objects.db) else DatabaseStore()
