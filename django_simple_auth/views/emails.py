"""An address: proved, changed."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from ..accounts import emails
from ..authentication import django_request
from ..exceptions import EmailTaken, InvalidValue, LinkInvalid, TooManyAttempts, WrongCurrentPassword
from ..wire import Outcome, View, user_of


class VerifyEmail(View):
    """Prove an address by the link that was sent there: the account's, a new one, or the old one that takes it back."""

    name = "email_verify"
    throttle = "email_verify"
    raises = (LinkInvalid, EmailTaken)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, token: str, **values: Any) -> Outcome:
        return Outcome(user=emails.verify(token, django_request(request)))


class ResendVerification(View):
    """Ask for another link to prove an address by. The answer is the same whether or not one leaves."""

    name = "email_verify_resend"
    throttle = "email_resend"
    authentication_classes = ()
    permission_classes = ()
    sends_mail = True

    def perform(self, request: Request, *args: Any, email: str, **values: Any) -> Outcome:
        emails.resend_verification(email)
        return Outcome()


class ChangeEmail(View):
    """Ask for a link to a new address, which becomes the account's when the link is opened."""

    name = "email_change"
    throttle = "email_change"
    raises = (WrongCurrentPassword, InvalidValue, TooManyAttempts)
    sends_mail = True

    def perform(self, request: Request, *args: Any, email: str, current_password: str, **values: Any) -> Outcome:
        user = user_of(request)
        emails.request_change(user, email, current_password, django_request(request))
        return Outcome(user=user)
