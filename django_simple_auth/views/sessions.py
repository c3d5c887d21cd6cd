"""A login, its kin, and its end."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from rest_framework.request import Request

from .. import accounts, sessions
from ..exceptions import CredentialsOutdated, InvalidCredentials, SessionNotFound, TokenInvalid, TooManyAttempts
from ..models import AuthToken
from ..throttling import logins
from ..tokens import lifetime
from ..wire import Outcome, View, user_of
from ..wire.client_ip import client_ip, network


class LogIn(View):
    """Check the password, start a session. A token that comes along is ignored: it may be the one that died."""

    name = "login"
    throttle = "login"
    raises = (InvalidCredentials, TooManyAttempts)
    authentication_classes = ()
    permission_classes = ()
    disclose_cause = False
    """Whether to tell the causes of InvalidCredentials apart."""

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        try:
            return self.start(request, **values)
        except CredentialsOutdated:
            # Two first logins after Django has raised its iterations each replace the hash. Whether it was that or
            # another password, the credentials decide.
            return self.start(request, **values)

    def start(self, request: Request, *, device: str = "", **values: Any) -> Outcome:
        user = self.authenticate(request, **values)
        self.admit(request, user)
        device = device or request.META.get("HTTP_USER_AGENT", "")
        issued = sessions.start(user, request._request, device=device, ip_address=client_ip(request))
        return Outcome(user=user, token=issued.secret, expires_at=issued.row.expires_at)

    def admit(self, request: Request, user: AbstractBaseUser) -> None:
        """The last word on who may log in, after the right password and before anything is granted. Raise Refused."""

    def authenticate(
        self, request: Request, *, password: str, username: str | None = None, email: str | None = None, **values: Any
    ) -> AbstractBaseUser:
        name, source = username or email or "", network(request)
        logins.hit(name, source, request._request)
        user = accounts.authenticate(
            username=username,
            email=email,
            password=password,
            request=request._request,
            disclose_cause=self.disclose_cause,
        )
        logins.succeeded(name, source)
        return user


class LogInDisclosingCause(LogIn):
    """Check the password, start a session; tell an unknown user, a wrong password and a disabled account apart."""

    disclose_cause = True


class LogOut(View):
    """End this session."""

    name = "logout"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        # Another authentication class may have let the client in; there is nothing of ours to end then.
        if isinstance(request.auth, AuthToken):
            sessions.end(request.auth, request._request)
        return Outcome(user=user_of(request))


class LogOutEverywhere(View):
    """End every session of the user."""

    name = "logout_all"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        sessions.end_all(user_of(request), request._request)
        return Outcome(user=user_of(request))


class RotateToken(View):
    """Another token for the same session; the one that was sent is no good any more."""

    name = "rotate"
    throttle = "rotate"
    raises = (TokenInvalid,)

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        # Another authentication class may have let the client in; there is nothing of ours to rotate then.
        if not isinstance(request.auth, AuthToken):
            raise TokenInvalid
        issued = sessions.rotate(request.auth, request._request)
        return Outcome(user=user_of(request), token=issued.secret, expires_at=lifetime.ends_at_latest(issued.row))


class ListSessions(View):
    """Where the user is logged in."""

    name = "sessions"
    method = "GET"
    safe = True

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        user, current = user_of(request), request.auth
        return Outcome(user=user, items=sessions.active(user, current if isinstance(current, AuthToken) else None))


class EndSession(View):
    """End one session of the user, which the path names by its id."""

    name = "session"
    method = "DELETE"
    raises = (SessionNotFound,)

    def perform(self, request: Request, *args: Any, session_id: int, **values: Any) -> Outcome:
        user = user_of(request)
        sessions.end_one(user, session_id, request._request)
        return Outcome(user=user)


class LogOutByGet(LogOut):
    """End this session, by the GET of clients that know no better."""

    method = "GET"
