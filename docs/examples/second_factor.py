"""A login needs a code that is sent by e-mail, as well as the password."""

import secrets

from django.core.cache import cache
from django.utils.crypto import constant_time_compare
from rest_framework import serializers

from django_simple_auth.accounts.login import LoginAttempt
from django_simple_auth.contracts import native
from django_simple_auth.exceptions import ChallengeRequired, InvalidCredentials
from django_simple_auth.views import LogIn
from django_simple_auth.wire import Endpoint, Refusal


def code_by_email(attempt: LoginAttempt) -> None:
    """The step: name it in SIMPLE_AUTH["LOGIN_STEPS"]."""
    key = f"login_code:{attempt.user.pk}"
    answer = attempt.extra.get("code")
    if not answer:
        code = f"{secrets.randbelow(10**6):06}"
        cache.set(key, code, timeout=300)
        attempt.user.email_user("Your login code", f"Your login code is {code}.")
        raise ChallengeRequired({"sent_by": "email"})
    code = cache.get(key, "")
    # Each code can be tried once: of two logins with the same code, one has deleted it.
    if not cache.delete(key) or not constant_time_compare(answer, code):
        raise InvalidCredentials


class Credentials(native.Credentials):
    code = serializers.CharField(required=False)


class Challenge(serializers.Serializer):
    code = serializers.CharField()
    sent_by = serializers.CharField(source="data.sent_by")


contract = native.contract.but(
    Endpoint(
        "login/",
        LogIn,
        request=Credentials,
        response=native.Session,
        refusals={ChallengeRequired: Refusal(status=401, body=Challenge)},
    ),
)
app_name = "second_factor"
urlpatterns = contract.urls
