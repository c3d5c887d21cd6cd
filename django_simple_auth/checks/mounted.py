"""The views in the project's URLconf."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import URLResolver, get_resolver
from rest_framework.permissions import AllowAny
from rest_framework.views import APIView

from ..wire import Endpoint
from ..wire.resource import Resource


@dataclass(frozen=True)
class ProjectView:
    """A DRF view of the project itself."""

    path: str
    authentication_classes: Sequence[Any]
    is_closed: bool
    """Whether it has a permission class other than AllowAny."""


def endpoints() -> Iterator[tuple[str, Endpoint]]:
    """Every endpoint of a contract, with its path."""
    for path, callback, cls in _drf_views():
        # Each path exists twice, with and without the slash; only the one in the contract is in the schema.
        if issubclass(cls, Resource) and "schema" not in callback.initkwargs:
            yield from ((path, endpoint) for endpoint in cls.endpoints.values())


def project_views() -> Iterator[ProjectView]:
    """The project's views whose classes are set as attributes or in ``as_view()``, not computed for each request."""
    for path, callback, cls in _drf_views():
        if issubclass(cls, Resource) or cls.get_authenticators is not APIView.get_authenticators:
            continue
        given = callback.initkwargs
        authentication = given.get("authentication_classes", cls.authentication_classes)
        permissions = given.get("permission_classes", cls.permission_classes)
        # Some projects make them properties.
        if isinstance(authentication, (list, tuple)) and isinstance(permissions, (list, tuple)):
            types = [cls for cls in authentication if isinstance(cls, type)]
            yield ProjectView(path, types, any(permission is not AllowAny for permission in permissions))


def _drf_views() -> Iterator[tuple[str, Any, type[APIView]]]:
    # A project that uses only the services may have no URLs.
    if not getattr(settings, "ROOT_URLCONF", None):
        return
    for path, callback in _below(get_resolver(), "/"):
        cls = getattr(callback, "cls", None)
        if isinstance(cls, type) and issubclass(cls, APIView):
            yield path, callback, cls


def _below(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    entry: Any
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _below(entry, path)
        else:
            yield path, entry.callback
