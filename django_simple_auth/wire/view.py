"""What an endpoint does, apart from how it is spelled on the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from django.contrib.auth.base_user import AbstractBaseUser
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request

from ..authentication import TokenAuthentication
from ..exceptions import SimpleAuthError
from ..permissions import DenyAPIKey
from .answers import Outcome


class View:
    """Reads, calls one service, answers. Subclass it, override ``perform``, and name the subclass in an Endpoint.

    The class attributes are what an Endpoint takes over unless it says otherwise.
    """

    name: ClassVar[str]
    """The URL's name."""
    method: ClassVar[str] = "POST"
    status: ClassVar[int] = 200
    """Of an answer with a body; without one it is 204."""
    throttle: ClassVar[str | None] = None
    """Scope in SIMPLE_AUTH["THROTTLE_RATES"], counted per network."""
    raises: ClassVar[tuple[type[SimpleAuthError], ...]] = ()
    """What ``perform`` may raise."""
    authentication_classes: ClassVar[Sequence[type[BaseAuthentication]]] = (TokenAuthentication,)
    permission_classes: ClassVar[Sequence[type[BasePermission]]] = (IsAuthenticated, DenyAPIKey)
    safe: ClassVar[bool] = False
    """Whether the state is the same afterwards. A GET that changes it is not answered to HEAD or to a prefetch."""
    unauthenticated: ClassVar[bool] = False
    """Whether it acts on whomever the request names, without proof; ``check --deploy`` warns of it."""
    sends_mail: ClassVar[bool] = False
    """Whether it sends letters with links, for which SIMPLE_AUTH["PUBLIC_URL"] is needed."""

    def check_open(self, takes: Callable[[str], bool], can_accept: bool) -> None:
        """Raise Refused if the host's settings leave nothing to be done here. Asked before the body is read.

        ``takes`` tells whether the contract's request can carry what the services call so, and ``can_accept``
        whether it has an answer that tells nothing of what came of the request.
        """

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        """Do it. ``values`` are the request serializer's, by ``source``, and what the path captured. Raises Refused."""
        raise NotImplementedError(f"{type(self).__name__} must override perform().")

    def errors(self, **values: Any) -> list[SimpleAuthError]:
        """What else stands against a request whose shape is wrong already, so that one answer can name it all."""
        return []


def user_of(request: Request) -> AbstractBaseUser:
    """Whose request this is. For views behind IsAuthenticated; DRF's types cannot say so."""
    return cast(AbstractBaseUser, request.user)
