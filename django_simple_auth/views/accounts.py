"""An account: made, shown, changed, ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from .. import accounts
from ..conf import conf
from ..exceptions import (
    AccountInUse,
    RegistrationClosed,
    SimpleAuthError,
    TokenInvalid,
    TooManyAttempts,
    ValidationErrors,
    WrongCurrentPassword,
)
from ..wire import Outcome, View
from ..wire.view import user_of


class Register(View):
    """Make an account, as SIMPLE_AUTH["REGISTRATION"] allows."""

    name = "register"
    status = 201
    throttle = "register"
    raises = (ValidationErrors, RegistrationClosed)
    authentication_classes = ()
    permission_classes = ()

    def check_open(self, takes: Callable[[str], bool], can_accept: bool) -> None:
        # Whoever cannot send an invitation has none, and whoever must answer with the account would tell of it.
        ways_in = {"open": True, "invite": takes("invitation"), "verify_first": can_accept}
        if not ways_in.get(conf.REGISTRATION):
            raise RegistrationClosed

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        if conf.REGISTRATION == "verify_first":
            accounts.register_neutrally(request=request._request, **values)
            return Outcome(untold=True)
        return Outcome(user=accounts.register(request=request._request, **values))

    def errors(self, **values: Any) -> list[SimpleAuthError]:
        return accounts.registration_errors(**values)


class ShowAccount(View):
    """Who am I."""

    name = "me"
    method = "GET"
    safe = True
    permission_classes = (IsAuthenticated,)

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=user_of(request))


class UpdateAccount(View):
    """Change what people call me. What is left out stays."""

    name = "update_me"
    method = "PATCH"
    # It tells which names are taken, as registration does, and shall not be asked more often than that.
    throttle = "register"
    raises = (ValidationErrors, TokenInvalid)

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=accounts.update(user_of(request), request=request._request, **values))


class DeleteAccount(View):
    """End my account, with all that it owns."""

    name = "delete_me"
    method = "DELETE"
    raises = (WrongCurrentPassword, AccountInUse, TooManyAttempts)

    def perform(self, request: Request, *args: Any, current_password: str, **values: Any) -> Outcome:
        user = user_of(request)
        accounts.delete(user, current_password, request._request)
        return Outcome(user=user)
