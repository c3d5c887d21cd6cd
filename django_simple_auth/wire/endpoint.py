"""One line of a contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import Any

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
from rest_framework.serializers import BaseSerializer, Serializer

from ..authentication import QueryTokenAuthentication, Unavailable
from .answers import Many, StaticBody
from .body import TooLarge
from .refusal import Refusals, status_of
from .view import View

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
    response: type[BaseSerializer[Any]] | Many | StaticBody | None = None
    """Made from the view's Outcome; None: 204, no body."""
    accepted: StaticBody | None = None
    """The body of a 202, which tells nothing of what came of the request; None: the endpoint cannot keep silent."""
    refusals: Refusals = field(default_factory=dict)
    """Causes that this endpoint answers in a way of its own; they add to the contract's."""
    cookie: bool = False
    """Whether the token goes into the browser's cookie, or out of it where the view's Outcome has none."""
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

    def takes(self, name: str) -> bool:
        """Whether a request can carry what the services call so."""
        return self.request is not None and any(field.source == name for field in self.request().fields.values())

    @property
    def unsafe_get(self) -> bool:
        return self.method == "GET" and not self.view.safe

    @property
    def secret_parameters(self) -> set[str]:
        """Query parameters that the endpoint takes a token from."""
        return {cls.parameter for cls in self.authentication_classes if issubclass(cls, QueryTokenAuthentication)}

    @property
    def risks(self) -> set[str]:
        """Which of ``conf.RISKS`` the endpoint takes."""
        found = {
            "token_in_query": bool(self.secret_parameters),
            "unsafe_get": self.unsafe_get,
            "unauthenticated_logout": self.view.unauthenticated,
        }
        return {risk for risk, taken in found.items() if taken}

    def refusal_statuses(self, of_contract: Refusals) -> set[int]:
        """Every status with which this endpoint may refuse."""
        refusals = {**of_contract, **self.refusals}
        causes: set[type[Exception]] = {Unavailable, *self.view.raises}
        # What the contract tells apart, the view may raise.
        causes |= {cause for cause in refusals if issubclass(cause, self.view.raises)}
        if self.request is not None:
            causes |= {ValidationError, TooLarge, UnsupportedMediaType}
        if self.authentication_classes:
            causes |= {NotAuthenticated, AuthenticationFailed}
        if set(self.permission_classes) - {IsAuthenticated} or self.unsafe_get:
            causes.add(PermissionDenied)
        if self.throttle:
            causes.add(Throttled)
        return {status_of(cause, refusals) for cause in causes}
