"""How often something may be tried. Counts in Django's default cache."""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import sha256
from math import ceil
from time import time
from typing import TypeVar

from django.core.cache import DEFAULT_CACHE_ALIAS, BaseCache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.http import HttpRequest

from . import events
from .conf import conf
from .refusals import LimitExceeded

logger = logging.getLogger("django_simple_auth.limits")

NUL = "\0"
_spare = LocMemCache("django_simple_auth", {})
_T = TypeVar("_T")


def take(scope: str, *who: str, request: HttpRequest | None = None) -> None:
    """Count one attempt; raises ``LimitExceeded`` above THROTTLE_RATES[scope].

    The period begins with the first attempt. Each attempt is counted before it is judged, in one atomic step where the
    cache has one (Redis, Memcached, local memory), so that simultaneous ones cannot slip through together.
    """
    rate = conf.THROTTLE_RATES.get(scope)
    if rate is None:
        return
    attempts, period = rate
    # Hashed: what a stranger typed is neither a valid cache key nor something to keep.
    key = f"simple_auth:{scope}:{sha256(NUL.join(who).encode()).hexdigest()}"
    if _whatever_happens(lambda store: _count(store, key, period)) > attempts:
        events.limit_exceeded.tell(None, request, scope=scope)
        raise LimitExceeded(max(1, _whatever_happens(lambda store: _remaining(store, key, period))))


def _count(store: BaseCache, key: str, period: int) -> int:
    for _ in range(3):
        if store.add(key, 1, period):
            store.set(f"{key}:until", time() + period, period)
            return 1
        try:
            count = int(store.incr(key))
            if type(store).incr is BaseCache.incr:
                # Django's database and file caches: counting up starts the key's life anew, with the default timeout.
                store.touch(key, max(1, _remaining(store, key, period)))
            return count
        except ValueError:
            # The period ended between the two calls.
            continue
    return 1


def _remaining(store: BaseCache, key: str, period: int) -> int:
    until: float = store.get(f"{key}:until", time() + period)
    return ceil(until - time())


def _whatever_happens(ask: Callable[[BaseCache], _T]) -> _T:
    """Ask the shared cache; while it is down, this process's memory, so that an outage opens no door."""
    try:
        return ask(caches[DEFAULT_CACHE_ALIAS])
    except Exception:
        logger.warning("The cache is down; limits are counted in this process's memory.", exc_info=True)
        return ask(_spare)
