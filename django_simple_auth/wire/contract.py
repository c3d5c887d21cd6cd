"""A contract: the table of its endpoints, and the URLconf that it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from functools import cached_property
from typing import Any, TypeAlias

from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.http import HttpResponseBase
from django.urls import URLPattern, path
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import (
    AuthenticationFailed,
    NotAuthenticated,
    PermissionDenied,
    Throttled,
    UnsupportedMediaType,
    ValidationError,
)
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer

from ..authentication import QueryTokenAuthentication, Unavailable
from .answers import Fixed, Many
from .body import TooLarge
from .refusal import Refusals, status_of
from .resource import Resource
from .unclaimed import Unclaimed, Unknown
from .view import View

ExceptionHandler: TypeAlias = Callable[[Exception, dict[str, Any]], Response]
"""Like DRF's EXCEPTION_HANDLER, but it always answers."""


_VIEWS_OWN: Any = object()


@dataclass(frozen=True)
class Endpoint:
    """One line of a contract: what a path takes, which view does the work, what comes back.

    Whatever is left out is the view's own: method, status, throttle, authentication, permissions and URL name.
    """

    path: str
    view: type[View]
    _: KW_ONLY
    request: type[Serializer[Any]] | None = None
    """Checks the body's shape; None: whatever body comes is ignored."""
    response: type[BaseSerializer[Any]] | Many | Fixed | None = None
    """Made from the view's Outcome; None: 204, no body."""
    refusals: Refusals = field(default_factory=dict)
    """Causes that this endpoint answers in a way of its own; they add to the contract's."""
    method: str = _VIEWS_OWN
    status: int = _VIEWS_OWN
    throttle: str | None = _VIEWS_OWN
    """Scope in THROTTLE_RATES; None: no limit."""
    authentication_classes: Sequence[type[BaseAuthentication]] = _VIEWS_OWN
    permission_classes: Sequence[type[BasePermission]] = _VIEWS_OWN
    name: str = _VIEWS_OWN

    def __post_init__(self) -> None:
        for argument in fields(self):
            if getattr(self, argument.name) is _VIEWS_OWN:
                object.__setattr__(self, argument.name, getattr(self.view, argument.name))

    @property
    def changes_by_get(self) -> bool:
        return self.method == "GET" and not self.view.reads_only

    @property
    def takes_token_from_query(self) -> bool:
        return any(issubclass(cls, QueryTokenAuthentication) for cls in self.authentication_classes)

    @property
    def risks(self) -> set[str]:
        """Which of ``conf.RISKS`` the endpoint takes."""
        found = {
            "token_in_query": self.takes_token_from_query,
            "get_changes_state": self.changes_by_get,
            "anyones_word": self.view.takes_anyones_word,
        }
        return {risk for risk, taken in found.items() if taken}

    def refusal_statuses(self, of_contract: Refusals) -> set[int]:
        """Every status with which this endpoint may refuse."""
        refusals = {**of_contract, **self.refusals}
        causes: set[type[Exception]] = {Unavailable, *self.view.refuses}
        # What the contract tells apart, the view may raise.
        causes |= {cause for cause in refusals if issubclass(cause, self.view.refuses)}
        if self.request is not None:
            causes |= {ValidationError, TooLarge, UnsupportedMediaType}
        if self.authentication_classes:
            causes |= {NotAuthenticated, AuthenticationFailed}
        if set(self.permission_classes) - {IsAuthenticated} or self.changes_by_get:
            causes.add(PermissionDenied)
        if self.throttle:
            causes.add(Throttled)
        return {status_of(cause, refusals) for cause in causes}


class Contract:
    """What one family of clients sends and gets. ``urlpatterns = contract.urls`` makes a module its URLconf.

    ``errors`` gives every refusal its shape: validation, 401, 403, 404, 405, 413, 415, 429, 500, 503. ``refusals`` puts
    causes in the contract's own words. ``language`` is the one its texts are promised in; None: the client's.
    """

    def __init__(
        self,
        *endpoints: Endpoint,
        errors: ExceptionHandler,
        refusals: Refusals | None = None,
        language: str | None = None,
    ) -> None:
        self.endpoints = endpoints
        self.language = language
        self.errors = errors
        self.refusals = refusals or {}
        self._by_path: dict[str, dict[str, Endpoint]] = {}
        for endpoint in endpoints:
            methods = self._by_path.setdefault(endpoint.path, {})
            if endpoint.method in methods:
                raise ImproperlyConfigured(
                    f"Two endpoints take {endpoint.method} {endpoint.path!r}: remove one or give it another method."
                )
            methods[endpoint.method] = endpoint

    @cached_property
    def urls(self) -> list[URLPattern]:
        """Each path with and without its trailing slash, then the contract's own 404 for paths that nobody claims."""
        patterns = []
        for route, endpoints in self._by_path.items():
            first = next(iter(endpoints.values()))
            resource = self._resource(first.view.__name__, endpoints)
            # The last of two patterns with one name is what reverse() finds: the route as the contract writes it.
            hidden = _callback(resource, schema=None)
            patterns += [
                path(_other_slash(route), hidden, name=first.name),
                path(route, _callback(resource), name=first.name),
                *(path(route, hidden, name=endpoint.name) for endpoint in endpoints.values() if endpoint is not first),
            ]
        return [*patterns, Unclaimed(_callback(self._resource("Unknown", {}, Unknown), schema=None))]

    def _resource(
        self, name: str, endpoints: Mapping[str, Endpoint], base: type[Resource] = Resource
    ) -> type[Resource]:
        methods = [method.lower() for method in endpoints]
        if "GET" in endpoints and not endpoints["GET"].changes_by_get:
            methods.append("head")
        return type(
            name,
            (base,),
            {
                "contract": self,
                "endpoints": endpoints,
                "http_method_names": [*methods, "options"],
                "__doc__": next((endpoint.view.__doc__ for endpoint in endpoints.values()), None),
            },
        )


def _callback(resource: type[Resource], **initkwargs: Any) -> Callable[..., HttpResponseBase]:
    """The view, out of ATOMIC_REQUESTS' reach: what a refused request has counted and deleted must stay so."""
    callback = resource.as_view(**initkwargs)
    for alias in connections:
        callback = transaction.non_atomic_requests(using=alias)(callback)
    return callback


def _other_slash(route: str) -> str:
    return route[:-1] if route.endswith("/") else f"{route}/"
