"""A password: changed, forgotten, chosen anew."""

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
    """Change the password. Every other login ends, this one lives."""

    name = "password_change"
    throttle = "password_change"
    raises = (WrongCurrentPassword, InvalidValue, TooManyAttempts)

    def perform(self, request: Request, *args: Any, current_password: str, new_password: str, **values: Any) -> Outcome:
        user = user_of(request)
        keep = request.auth if isinstance(request.auth, AuthToken) else None
        passwords.change(user, current_password, new_password, keep, django_request(request))
        return Outcome(user=user)


class RequestPasswordReset(View):
    """Ask for a mail with a link to choose a new password. The answer is the same whether or not one leaves."""

    name = "password_reset"
    throttle = "reset"
    authentication_classes = ()
    permission_classes = ()
    sends_mail = True

    def perform(self, request: Request, *args: Any, email: str, **values: Any) -> Outcome:
        passwords.request_reset(email, django_request(request))
        return Outcome()


class ConfirmPasswordReset(View):
    """Choose a new password by the link in the mail. Every login and every API key ends."""

    name = "password_reset_confirm"
    throttle = "reset_confirm"
    raises = (LinkInvalid, InvalidValue)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, token: str, new_password: str, **values: Any) -> Outcome:
        user = passwords.reset(token, new_password, django_request(request))
        # Else somebody whom strangers keep from logging in would still be kept from it.
        logins.trust_network(user, network(request))
        return Outcome(user=user)
