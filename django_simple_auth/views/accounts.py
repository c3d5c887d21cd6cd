"""Views to register, and to show, change and delete the user's account."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from .. import accounts
from ..authentication import django_request
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
from ..wire import Accepted, Outcome, View, user_of


class Register(View):
    """Create an account.

    The setting SIMPLE_AUTH["REGISTRATION"] decides who may register.
    """

    name = "register"
    status = 201
    throttle = "register"
    raises = (ValidationErrors, RegistrationClosed)
    authentication_classes = ()
    permission_classes = ()

    def check_open(self) -> None:
        # Invitations need a request with a field for them, and "verify_first" needs a neutral answer.
        is_open = {
            "open": True,
            "invite": self.endpoint.takes("invitation", self.context),
            "verify_first": self.endpoint.accepted is not None,
        }
        if not is_open.get(conf.REGISTRATION):
            raise RegistrationClosed

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome | Accepted:
        if conf.REGISTRATION == "verify_first":
            accounts.register_neutrally(request=django_request(request), **values)
            return Accepted()
        return Outcome(user=accounts.register(request=django_request(request), **values))

    def errors(self, **values: Any) -> list[SimpleAuthError]:
        return accounts.registration_errors(**values)


class ShowAccount(View):
    """Get your account."""

    name = "me"
    method = "GET"
    safe = True
    permission_classes = (IsAuthenticated,)

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=user_of(request))


class UpdateAccount(View):
    """Change your account.

    Fields that are left out stay as they are.
    """

    name = "update_me"
    method = "PATCH"
    # Like registration, it discloses which usernames are taken, so both share one limit.
    throttle = "register"
    raises = (ValidationErrors, TokenInvalid)

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=accounts.update(user_of(request), request=django_request(request), **values))


class DeleteAccount(View):
    """Delete your account and everything that belongs to it."""

    name = "delete_me"
    method = "DELETE"
    raises = (WrongCurrentPassword, AccountInUse, TooManyAttempts)

    def perform(self, request: Request, *args: Any, current_password: str, **values: Any) -> Outcome:
        user = user_of(request)
        accounts.delete(user, current_password, django_request(request))
        return Outcome(user=user)
