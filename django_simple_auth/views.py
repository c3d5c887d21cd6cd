"""Read, call one service, answer: the flows that endpoints name. They know no contract."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from . import accounts, limits, sessions, users
from .refusals import InvalidCredentials, LimitExceeded, Refused, Several
from .wire import Outcome, View
from .wire.network import network
from .wire.view import token_of, user_of


class Register(View):
    """Make an account."""

    name = "register"
    status = 201
    throttle = "register"
    refuses = (Several,)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=accounts.register(**values))

    def faults(self, **values: Any) -> list[Refused]:
        return accounts.faults(**values)


class LogIn(View):
    """Check the password, start a session. A token that comes along is ignored: it may be the one that died."""

    name = "login"
    throttle = "login"
    refuses = (InvalidCredentials, LimitExceeded)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, username: str, password: str, **values: Any) -> Outcome:
        limits.take("login_account", users.fold(username), network(request))
        user = accounts.authenticate(username=username, password=password, request=request._request)
        issued = sessions.start(user, request._request)
        return Outcome(user=user, token=issued.secret, expires_at=issued.row.expires_at)


class LogOut(View):
    """End this session."""

    name = "logout"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        sessions.end(token_of(request), request._request)
        return Outcome(user=user_of(request))


class LogOutEverywhere(View):
    """End every session of the user."""

    name = "logout_all"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        sessions.end_all(user_of(request), request._request)
        return Outcome(user=user_of(request))


class ShowAccount(View):
    """Who am I."""

    name = "me"
    method = "GET"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=user_of(request))
