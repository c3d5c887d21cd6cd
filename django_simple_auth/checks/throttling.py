"""Checks of throttling."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage

from ..conf import DEFAULT_RATES, conf
from ..throttling.stores import counts_atomically
from . import mounted
from .registry import check


@check()
def check_throttle_scopes() -> Iterator[CheckMessage]:
    """E004: THROTTLE_RATES has a rate for an unknown scope."""
    counted = {endpoint.throttle for _path, endpoint in mounted.endpoints() if endpoint.throttle}
    scopes = counted | DEFAULT_RATES.keys()
    for scope in sorted(conf.THROTTLE_RATES.keys() - scopes):
        yield checks.Error(
            f"SIMPLE_AUTH['THROTTLE_RATES'] has a rate for {scope!r}, but no endpoint uses this scope.",
            hint=f"The scopes are: {', '.join(sorted(scopes))}.",
            id="django_simple_auth.E004",
        )


@check(deploy=True)
def check_cache() -> Iterator[CheckMessage]:
    """W004: the default cache is not shared between processes, or cannot count atomically."""
    cache = caches[DEFAULT_CACHE_ALIAS]
    name = type(cache).__name__
    if not conf.THROTTLE_RATES or conf.THROTTLE_STORE == "database":
        return
    if not counts_atomically(cache):
        text = f"Attempts are counted in the database: the default cache, {name}, cannot count atomically."
    elif isinstance(cache, LocMemCache):
        text = f"Attempts are counted in the default cache, {name}, which is not shared between processes."
    else:
        return
    yield checks.Warning(
        text,
        hint="Set CACHES['default'] to Redis or Memcached; or count in the database with "
        "SIMPLE_AUTH['THROTTLE_STORE'] = 'database', which costs a few queries per login. If something else limits "
        "attempts, switch throttling off with SIMPLE_AUTH['THROTTLE_RATES'] = {}.",
        id="django_simple_auth.W004",
    )
