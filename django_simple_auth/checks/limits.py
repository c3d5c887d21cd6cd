"""Whether limits hold."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.cache import DEFAULT_CACHE_ALIAS, BaseCache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage

from ..conf import DEFAULT_RATES, conf
from . import mounted
from .registry import check


@check()
def check_throttle_scopes() -> Iterator[CheckMessage]:
    """E004: a rate for a scope that nothing counts under, most likely a typing error."""
    counted = {endpoint.throttle for _path, endpoint in mounted.endpoints() if endpoint.throttle}
    scopes = counted | DEFAULT_RATES.keys()
    for scope in sorted(conf.THROTTLE_RATES.keys() - scopes):
        yield checks.Error(
            f"SIMPLE_AUTH['THROTTLE_RATES'] has a rate for {scope!r}, which no endpoint counts under.",
            hint=f"The scopes are: {', '.join(sorted(scopes))}.",
            id="django_simple_auth.E004",
        )


@check(deploy=True)
def check_cache() -> Iterator[CheckMessage]:
    """W004: limits are counted where other processes do not see it, or in steps that let several through at once."""
    store = caches[DEFAULT_CACHE_ALIAS]
    shared_and_atomic = not isinstance(store, LocMemCache) and type(store).incr is not BaseCache.incr
    if shared_and_atomic or not conf.THROTTLE_RATES:
        return
    yield checks.Warning(
        f"Limits are counted in the default cache, and {type(store).__name__} is not both shared by all processes "
        "and atomic.",
        hint="Let CACHES['default'] be Redis or Memcached, or switch limits off by "
        "SIMPLE_AUTH['THROTTLE_RATES'] = {} if something else limits attempts.",
        id="django_simple_auth.W004",
    )
