"""A contract: the table of its endpoints, and its URLconf."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.http import HttpResponseBase
from django.urls import URLPattern, path
from rest_framework.parsers import BaseParser

from .endpoint import Endpoint
from .not_found import NotFoundPattern, NotFoundResource
from .parsers import JSONBody
from .refusal import ExceptionHandler, Refusals
from .resource import Resource


class Contract:
    """What one family of clients sends and gets. ``urlpatterns = contract.urls`` makes a module its URLconf.

    ``errors`` gives every refusal its shape: validation, 401, 403, 404, 405, 413, 415, 429, 500, 503. ``refusals`` says
    which causes have another text, status, body or headers. ``language`` is the language of all texts; None: the
    client's. ``parser_classes`` read the bodies; any other content type is a 415. ``challenge`` is the
    ``WWW-Authenticate`` of every 401; None: as the endpoint's first authentication class says.
    """

    def __init__(
        self,
        *endpoints: Endpoint,
        errors: ExceptionHandler,
        refusals: Refusals | None = None,
        language: str | None = None,
        parser_classes: Sequence[type[BaseParser]] = (JSONBody,),
        challenge: str | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.errors = errors
        self.refusals: Refusals = refusals or {}
        self.language = language
        self.parser_classes = parser_classes
        self.challenge = challenge
        self._by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            methods = self._by_path.setdefault(endpoint.path, {})
            if endpoint.method in methods:
                raise ImproperlyConfigured(
                    f"Two endpoints take {endpoint.method} {endpoint.path!r}: remove one or give it another method."
                )
            methods[endpoint.method] = endpoint

    def but(self, *endpoints: Endpoint, without: Collection[str] = ()) -> Contract:
        """This contract with these endpoints added, and without those of these names.

        An endpoint replaces the one that has its path and method, if there is one. All else stays as it is.
        """
        if unknown := set(without) - {endpoint.name for endpoint in self.endpoints}:
            raise ImproperlyConfigured(
                f"This contract has no endpoint {', '.join(map(repr, sorted(unknown)))}; it has "
                f"{', '.join(repr(endpoint.name) for endpoint in self.endpoints)}."
            )
        kept = [endpoint for endpoint in self.endpoints if endpoint.name not in without]
        table = {(endpoint.path, endpoint.method): endpoint for endpoint in [*kept, *endpoints]}
        return Contract(
            *table.values(),
            errors=self.errors,
            refusals=self.refusals,
            language=self.language,
            parser_classes=self.parser_classes,
            challenge=self.challenge,
        )

    @cached_property
    def urls(self) -> list[URLPattern]:
        """Each path with and without its trailing slash, then the contract's own 404 for paths that no view claims."""
        patterns = []
        for route, endpoints in self._by_path.items():
            first = next(iter(endpoints.values()))
            resource = self._resource(first.view.__name__, endpoints)
            hidden = _callback(resource, schema=None)
            patterns += [
                path(route, _callback(resource), name=first.name),
                path(_other_slash(route), hidden),
                *(path(route, hidden, name=endpoint.name) for endpoint in endpoints.values() if endpoint is not first),
            ]
        return [*patterns, NotFoundPattern(_callback(self._resource("Unknown", {}, NotFoundResource), schema=None))]

    def _resource(
        self, name: str, endpoints: Mapping[str, Endpoint], base: type[Resource] = Resource
    ) -> type[Resource]:
        methods = [method.lower() for method in endpoints]
        if "GET" in endpoints and not endpoints["GET"].unsafe_get:
            methods.append("head")
        return type(
            name,
            (base,),
            {
                "endpoints": endpoints,
                "errors": staticmethod(self.errors),
                "refusals": self.refusals,
                "language": self.language,
                "parser_classes": self.parser_classes,
                "challenge": self.challenge,
                "secret_parameters": frozenset().union(*(each.secret_parameters for each in endpoints.values())),
                "http_method_names": [*methods, "options"],
                "__doc__": next((endpoint.view.__doc__ for endpoint in endpoints.values()), None),
            },
        )


def _callback(resource: type[Resource], **initkwargs: Any) -> Callable[..., HttpResponseBase]:
    """The view, exempt from ATOMIC_REQUESTS: what a refused request has counted and deleted must stay so."""
    callback = resource.as_view(**initkwargs)
    for alias in connections:
        callback = transaction.non_atomic_requests(using=alias)(callback)
    return callback


def _other_slash(route: str) -> str:
    return route[:-1] if route.endswith("/") else f"{route}/"
