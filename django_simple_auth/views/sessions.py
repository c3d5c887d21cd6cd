"""A login, its kin, and its end."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from .. import sessions
from ..accounts import login
from ..accounts.credentials import PasswordFactor
from ..accounts.login import FirstFactor, LoginAttempt
from ..authentication import django_request
from ..exceptions import InvalidCredentials, SessionNotFound, TokenInvalid, TooManyAttempts
from ..models import AuthToken
from ..tokens import lifetime
from ..wire import Outcome, View, user_of
from ..wire.client_ip import client_ip

_OF_THE_FACTOR = {"password", "username", "email"}


class LogIn(View):
    """Run a whole login and start a session. A token that the client sends along is ignored: it may have expired."""

    name = "login"
    throttle = "login"
    raises = (InvalidCredentials, TooManyAttempts)
    authentication_classes = ()
    permission_classes = ()
    disclose_cause = False
    """Whether to tell the causes of InvalidCredentials apart."""

    def perform(self, request: Request, *args: Any, device: str = "", **values: Any) -> Outcome:
        return login.run(
            self.factor(**values),
            self.grant,
            request=django_request(request),
            ip_address=client_ip(request),
            device=device or request.META.get("HTTP_USER_AGENT", ""),
            extra={name: value for name, value in values.items() if name not in _OF_THE_FACTOR},
            steps=[self.check],
        )

    def factor(
        self, *, password: str, username: str | None = None, email: str | None = None, **values: Any
    ) -> FirstFactor:
        """What the login begins with. ``values`` are the request's, by ``source``."""
        return PasswordFactor(password, username, email, self.disclose_cause)

    def check(self, attempt: LoginAttempt) -> None:
        """The last step of logins by this view, after those of SIMPLE_AUTH["LOGIN_STEPS"].

        Raise a ``SimpleAuthError`` to refuse: that counts like a wrong password.
        """

    def grant(self, attempt: LoginAttempt) -> Outcome:
        """What a login gets that has passed every step."""
        issued = login.start_session(attempt)
        return Outcome(user=attempt.user, token=issued.secret, expires_at=issued.row.expires_at)


class LogInDisclosingCause(LogIn):
    """Run a whole login and start a session; tell an unknown user, a wrong password and a disabled account apart."""

    disclose_cause = True


class LogOut(View):
    """End this session."""

    name = "logout"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        # Another authentication class may have let the client in; there is nothing of ours to end then.
        if isinstance(request.auth, AuthToken):
            sessions.end(request.auth, django_request(request))
        return Outcome(user=user_of(request))


class LogOutEverywhere(View):
    """End every session of the user."""

    name = "logout_all"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        sessions.end_all(user_of(request), django_request(request))
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
        issued = sessions.rotate(request.auth, django_request(request))
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
        sessions.end_one(user, session_id, django_request(request))
        return Outcome(user=user)


class LogOutByGet(LogOut):
    """End this session, by the GET of clients that know no better."""

    method = "GET"
