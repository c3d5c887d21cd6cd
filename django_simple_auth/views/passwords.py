"""Views to change and reset the password."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from ..accounts import passwords
from ..authentication import django_request
from ..exceptions import InvalidValue, LinkInvalid, TooManyAttempts, WrongCurrentPassword
from ..models import AuthToken
from ..throttling import logins
from ..wire import Outcome, View, user_of
from ..wire.client_ip import network


class ChangePassword(View):
    """Change your password.

    All your other sessions end; this one stays.
    """

    name = "password_change"
    throttle = "password_change"
    raises = (WrongCurrentPassword, InvalidValue, TooManyAttempts)

    def perform(self, request: Request, *args: Any, current_password: str, new_password: str, **values: Any) -> Outcome:
        user = user_of(request)
        keep = request.auth if isinstance(request.auth, AuthToken) else None
        passwords.change(user, current_password, new_password, keep, django_request(request))
        return Outcome(user=user)


class RequestPasswordReset(View):
    """Request an e-mail with a link to reset your password.

    The answer is the same whether or not an e-mail is sent.
    """

    name = "password_reset"
    throttle = "reset"
    authentication_classes = ()
    permission_classes = ()
    sends_mail = True

    def perform(self, request: Request, *args: Any, email: str, **values: Any) -> Outcome:
        passwords.request_reset(email, django_request(request))
        return Outcome()


class ConfirmPasswordReset(View):
    """Reset your password with the token from an e-mail.

    All your sessions and API keys end.
    """

    name = "password_reset_confirm"
    throttle = "reset_confirm"
    raises = (LinkInvalid, InvalidValue)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, token: str, new_password: str, **values: Any) -> Outcome:
        user = passwords.reset(token, new_password, django_request(request))
        # So that a user whom failed attempts of an attacker have locked out can log in again.
        logins.trust_network(user, network(request))
        return Outcome(user=user)
