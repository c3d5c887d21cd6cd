"""What the host's URLconf holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.urls import URLResolver, get_resolver

from ..wire import Endpoint
from ..wire.resource import Resource


def endpoints() -> Iterator[tuple[str, Endpoint]]:
    """Every endpoint of a contract, with its path."""
    for path, callback in _callbacks():
        cls = getattr(callback, "cls", None)
        # Each path is there twice, for its optional slash; the one that the contract writes is in the schema.
        if isinstance(cls, type) and issubclass(cls, Resource) and "schema" not in callback.initkwargs:
            yield from ((path, endpoint) for endpoint in cls.endpoints.values())


def _callbacks() -> Iterator[tuple[str, Any]]:
    # A host that uses the services alone may have no URLs at all.
    return _below(get_resolver(), "/") if getattr(settings, "ROOT_URLCONF", None) else iter(())


def _below(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    entry: Any
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _below(entry, path)
        else:
            yield path, entry.callback
