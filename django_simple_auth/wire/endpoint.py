"""One line of a contract, and the view that it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django.contrib.auth.base_user import AbstractBaseUser
from django.urls.resolvers import RoutePattern
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
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from ..authentication import QueryTokenAuthentication, TokenAuthentication, Unavailable
from ..exceptions import SimpleAuthError
from ..permissions import DenyAPIKey
from .answers import Accepted, Outcome, Shape, StaticBody
from .parsers import TooLarge
from .refusal import Refusals, status_of

NO_REQUEST: Mapping[str, Any] = {"request": None, "view": None, "format": None}
"""The serializers' context where there is no request, as in a system check."""


class View:
    """Reads a request, calls one service, answers. Subclass it and name your class in an Endpoint.

    The class attributes are the defaults of the Endpoint's arguments.
    """

    name: ClassVar[str]
    """Name of the URL."""
    method: ClassVar[str] = "POST"
    status: ClassVar[int] = 200
    """Status of an answer with a body; without one it is 204."""
    throttle: ClassVar[str] = ""
    """Scope in SIMPLE_AUTH["THROTTLE_RATES"], counted per network; empty: no limit."""
    raises: ClassVar[tuple[type[SimpleAuthError], ...]] = ()
    """What ``guard`` and ``perform`` may raise."""
    authentication_classes: ClassVar[Sequence[type[BaseAuthentication]]] = (TokenAuthentication,)
    permission_classes: ClassVar[Sequence[type[BasePermission]]] = (IsAuthenticated, DenyAPIKey)
    safe: ClassVar[bool] = False
    """Whether a request changes nothing. An unsafe GET is not answered to HEAD or to a prefetch."""
    unauthenticated: ClassVar[bool] = False
    """Whether it acts on whichever user the request names, without authentication; ``check --deploy`` warns of it."""
    sends_mail: ClassVar[bool] = False
    """Whether it sends links by mail, for which SIMPLE_AUTH["PUBLIC_URL"] is needed."""

    context: Mapping[str, Any] = NO_REQUEST
    """What DRF's generic views give their serializers."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    def check_open(self) -> None:
        """Raise a SimpleAuthError if the settings leave nothing to do here. Called before the body is read."""

    def guard(self, request: Request, values: dict[str, Any]) -> None:
        """Judge the request before anything is looked up that tells who has an account, with a captcha for example.

        ``values`` are the request serializer's by ``source``; one that is missing or invalid is not among them. Remove
        what nothing but the guard needs. To refuse, raise a SimpleAuthError: if it names a ``field``, errors in the
        shape of other fields are answered along with it; nothing else is.
        """

    def errors(self, **values: Any) -> list[SimpleAuthError]:
        """What else is wrong with a request whose shape is invalid already, so that one answer can list everything."""
        return []

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome | Accepted:
        """Do the work. ``values`` are the request serializer's by ``source``, and what the endpoint's path captured.

        Raises a SimpleAuthError to refuse.
        """
        raise NotImplementedError(f"{type(self).__name__} must override perform().")


class Endpoint:
    """One line of a contract: what a path takes, which view does the work, what comes back.

    What is None is as the view's class attribute of that name says. Empty classes mean none, an empty ``throttle`` no
    limit.
    """

    def __init__(
        self,
        path: str,
        view: type[View],
        *,
        request: type[Serializer[Any]] | None = None,
        response: Shape | None = None,
        accepted: StaticBody | None = None,
        refusals: Refusals | None = None,
        cookie: bool = False,
        method: str | None = None,
        status: int | None = None,
        throttle: str | None = None,
        authentication_classes: Sequence[type[BaseAuthentication]] | None = None,
        permission_classes: Sequence[type[BasePermission]] | None = None,
        name: str | None = None,
    ) -> None:
        self.path = path
        self.captures = frozenset(RoutePattern(path).converters)
        """What the path captures. A prefix below which the project mounts the contract may capture more."""
        self.view = view
        self.request = request
        """Checks the shape of the body; None: any body is ignored."""
        self.response = response
        """Made from the view's Outcome; None: 204, no body."""
        self.accepted = accepted
        """The body of the 202 for ``Accepted``, which is the same whatever came of the request; None: there is none."""
        self.refusals: Refusals = refusals or {}
        """Causes that this endpoint answers in its own way, in addition to the contract's."""
        self.cookie = cookie
        """Whether the Outcome's token goes into the browser's cookie, which is cleared if there is none."""
        self.method: str = view.method if method is None else method
        self.status: int = view.status if status is None else status
        self.throttle: str = view.throttle if throttle is None else throttle
        """Scope in SIMPLE_AUTH["THROTTLE_RATES"]; empty: no limit."""
        self.authentication_classes: Sequence[type[BaseAuthentication]] = (
            view.authentication_classes if authentication_classes is None else authentication_classes
        )
        self.permission_classes: Sequence[type[BasePermission]] = (
            view.permission_classes if permission_classes is None else permission_classes
        )
        self.name: str = view.name if name is None else name

    def takes(self, source: str, context: Mapping[str, Any] = NO_REQUEST) -> bool:
        """Whether a request can carry what the services call so. ``context`` is that of the request's serializer."""
        fields = {} if self.request is None else self.request(context=dict(context)).fields
        return any(field.source == source for field in fields.values())

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

    def causes(self, refusals: Refusals) -> set[type[Exception]]:
        """Every exception with which this endpoint may refuse, in a contract with these refusals."""
        found: set[type[Exception]] = {Unavailable, *self.view.raises}
        # The view may raise any cause below these that the contract tells apart.
        found |= {cause for cause in {**refusals, **self.refusals} if issubclass(cause, self.view.raises)}
        if self.request is not None:
            found |= {ValidationError, TooLarge, UnsupportedMediaType}
        if self.authentication_classes:
            found |= {NotAuthenticated, AuthenticationFailed}
        if set(self.permission_classes) - {IsAuthenticated} or self.unsafe_get or self.cookie:
            found.add(PermissionDenied)
        if self.throttle:
            found.add(Throttled)
        return found

    def refusal_statuses(self, refusals: Refusals) -> set[int]:
        """Every status with which this endpoint may refuse, in a contract with these refusals."""
        return {status_of(cause, {**refusals, **self.refusals}) for cause in self.causes(refusals)}


def user_of(request: Request) -> AbstractBaseUser:
    """The user who sent the request. For views behind IsAuthenticated; DRF's types cannot say so."""
    return cast(AbstractBaseUser, request.user)
