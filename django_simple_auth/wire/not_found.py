"""The contract's own 404, for paths below its mount that nothing else in the project's URLconf claims.

A plain catch-all pattern was rejected: projects mount several URLconfs under one prefix such as ``/api/``, and it would
hide everything that is mounted after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NoReturn

from django.conf import settings
from django.http import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, URLPattern, URLResolver, get_resolver, get_urlconf
from django.urls.resolvers import RegexPattern, RoutePattern
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from .resource import Resource

_asking: ContextVar[bool] = ContextVar("simple_auth_asking", default=False)


class NotFoundResource(Resource):
    """404 for every method."""

    @property
    def default_response_headers(self) -> dict[str, str]:
        # DRF's would allow OPTIONS on what is not there.
        return {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        raise NotFound


class NotFoundPattern(URLPattern):
    """Matches what is left, so it stands last in a contract.

    Where the contract is mounted without a prefix, or under one that captures something, it matches nothing: there the
    404 is the project's.
    """

    def __init__(self, callback: Callable[..., HttpResponseBase]) -> None:
        super().__init__(RegexPattern(""), callback)

    def resolve(self, path: str) -> ResolverMatch | None:
        if _asking.get():
            return None
        resolver = get_resolver(get_urlconf())
        mounts = _mounts(resolver, self)
        if not all(mounts) or any(_is_claimed(resolver, mount + path) for mount in mounts):
            return None
        return super().resolve(path)


@lru_cache(maxsize=64)
def _mounts(resolver: URLResolver, pattern: URLPattern) -> tuple[str, ...]:
    """The prefixes below which the pattern stands; "" for one that is empty or not fixed."""
    return tuple(_find(resolver, pattern, ""))


def _find(resolver: URLResolver, pattern: URLPattern, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        if entry is pattern:
            yield prefix
        elif isinstance(entry, URLResolver):
            route = entry.pattern
            fixed = isinstance(route, RoutePattern) and not route.converters
            # A translated prefix is another one in every language. Private: str(route) gives only the current one.
            fixed = fixed and isinstance(getattr(route, "_route", None), str)
            below = list(_find(entry, pattern, prefix + str(route)))
            yield from below if fixed else [""] * len(below)


def _is_claimed(resolver: URLResolver, path: str) -> bool:
    token = _asking.set(True)
    try:
        return _resolves(resolver, path) or (settings.APPEND_SLASH and _resolves(resolver, f"{path}/"))
    finally:
        _asking.reset(token)


def _resolves(resolver: URLResolver, path: str) -> bool:
    try:
        resolver.resolve(f"/{path}")
    except Resolver404:
        return False
    return True
