"""Views to log in and out, and to list, rotate and end sessions."""

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

_FACTOR_FIELDS = {"password", "username", "email"}


class LogIn(View):
    """Log in and get a token.

    A token that is sent with the request is ignored: it may have expired.
    """

    name = "login"
    throttle = "login"
    raises = (InvalidCredentials, TooManyAttempts)
    authentication_classes = ()
    permission_classes = ()
    disclose_cause = False
    """Whether an unknown user, a wrong password and a disabled account get different errors."""

    def perform(self, request: Request, *args: Any, device: str = "", **values: Any) -> Outcome:
        return login.run(
            self.factor(**values),
            self.grant,
            request=django_request(request),
            ip_address=client_ip(request),
            device=device or request.META.get("HTTP_USER_AGENT", ""),
            extra={name: value for name, value in values.items() if name not in _FACTOR_FIELDS},
            steps=[self.check],
        )

    def factor(
        self, *, password: str, username: str | None = None, email: str | None = None, **values: Any
    ) -> FirstFactor:
        """The first factor of the login, from the request's values by ``source``."""
        return PasswordFactor(password, username, email, self.disclose_cause)

    def check(self, attempt: LoginAttempt) -> None:
        """The last step of logins with this view, after those of SIMPLE_AUTH["LOGIN_STEPS"].

        Raise a ``SimpleAuthError`` to refuse the login: it is counted like a wrong password.
        """

    def grant(self, attempt: LoginAttempt) -> Outcome:
        """Grant access after every step has passed, and return the answer."""
        issued = login.start_session(attempt)
        return Outcome(user=attempt.user, token=issued.secret, expires_at=issued.row.expires_at)


class LogInDisclosingCause(LogIn):
    """Log in and get a token.

    An unknown user, a wrong password and a disabled account get different errors.
    """

    disclose_cause = True


class LogOut(View):
    """Log out: end this session."""

    name = "logout"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        # Otherwise another authentication class has identified the client, and there is no session to end.
        if isinstance(request.auth, AuthToken):
            sessions.end(request.auth, django_request(request))
        return Outcome(user=user_of(request))


class LogOutEverywhere(View):
    """Log out everywhere: end all your sessions."""

    name = "logout_all"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        sessions.end_all(user_of(request), django_request(request))
        return Outcome(user=user_of(request))


class RotateToken(View):
    """Get a new token for this session.

    The token that was sent becomes invalid.
    """

    name = "rotate"
    throttle = "rotate"
    raises = (TokenInvalid,)

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        # Otherwise another authentication class has identified the client, and there is no token to rotate.
        if not isinstance(request.auth, AuthToken):
            raise TokenInvalid
        issued = sessions.rotate(request.auth, django_request(request))
        return Outcome(user=user_of(request), token=issued.secret, expires_at=lifetime.ends_at_latest(issued.row))


class ListSessions(View):
    """List your sessions."""

    name = "sessions"
    method = "GET"
    safe = True

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        user, current = user_of(request), request.auth
        return Outcome(user=user, items=sessions.active(user, current if isinstance(current, AuthToken) else None))


class EndSession(View):
    """End one of your sessions."""

    name = "session"
    method = "DELETE"
    raises = (SessionNotFound,)

    def perform(self, request: Request, *args: Any, session_id: int, **values: Any) -> Outcome:
        user = user_of(request)
        sessions.end_one(user, session_id, django_request(request))
        return Outcome(user=user)


class LogOutByGet(LogOut):
    """Log out with a GET request, for clients of a published contract."""

    method = "GET"
