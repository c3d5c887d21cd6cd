"""Whether limits hold."""

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
    """W004: the default cache is not shared by all processes, or cannot count in one step."""
    cache = caches[DEFAULT_CACHE_ALIAS]
    name = type(cache).__name__
    if not conf.THROTTLE_RATES or conf.THROTTLE_STORE == "database":
        return
    if not counts_atomically(cache):
        text = f"Limits are counted in the database: the default cache, {name}, cannot count in one step."
    elif isinstance(cache, LocMemCache):
        text = f"Limits are counted in the default cache, {name}, which each process has for itself."
    else:
        return
    yield checks.Warning(
        text,
        hint="Let CACHES['default'] be Redis or Memcached, or count in the database by "
        "SIMPLE_AUTH['THROTTLE_STORE'] = 'database', at some queries a login. Switch limits off by "
        "SIMPLE_AUTH['THROTTLE_RATES'] = {} if something else limits attempts.",
        id="django_simple_auth.W004",
    )
