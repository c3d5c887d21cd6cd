"""Views to verify and change the e-mail address."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from ..accounts import emails
from ..authentication import django_request
from ..exceptions import EmailTaken, InvalidValue, LinkInvalid, TooManyAttempts, WrongCurrentPassword
from ..wire import Outcome, View, user_of


class VerifyEmail(View):
    """Verify an e-mail address with the token from an e-mail.

    For links that verify the account's address, change it to a new one, or restore the previous one.
    """

    name = "email_verify"
    throttle = "email_verify"
    raises = (LinkInvalid, EmailTaken)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, token: str, **values: Any) -> Outcome:
        return Outcome(user=emails.verify(token, django_request(request)))


class ResendVerification(View):
    """Request another e-mail to verify your address.

    The answer is the same whether or not an e-mail is sent.
    """

    name = "email_verify_resend"
    throttle = "email_resend"
    authentication_classes = ()
    permission_classes = ()
    sends_mail = True

    def perform(self, request: Request, *args: Any, email: str, **values: Any) -> Outcome:
        emails.resend_verification(email)
        return Outcome()


class ChangeEmail(View):
    """Change your e-mail address.

    A link is sent to the new address, which replaces the old one when the link is opened.
    """

    name = "email_change"
    throttle = "email_change"
    raises = (WrongCurrentPassword, InvalidValue, TooManyAttempts)
    sends_mail = True

    def perform(self, request: Request, *args: Any, email: str, current_password: str, **values: Any) -> Outcome:
        user = user_of(request)
        emails.request_change(user, email, current_password, django_request(request))
        return Outcome(user=user)
