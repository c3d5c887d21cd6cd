"""The native contract, with a captcha at login."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from django_simple_auth.contracts import native
from django_simple_auth.exceptions import SimpleAuthError
from django_simple_auth.views import LogIn
from django_simple_auth.wire import Endpoint, Outcome


class CaptchaFailed(SimpleAuthError):
    code = "captcha_failed"
    message = "Please solve the captcha again."
    field = "captcha"


def is_solved(answer: str) -> bool:
    raise NotImplementedError("Ask the service that your captcha comes from.")


class LogInWithCaptcha(LogIn):
    raises = (*LogIn.raises, CaptchaFailed)

    def perform(self, request: Request, *args: Any, captcha: str, **values: Any) -> Outcome:
        if not is_solved(captcha):
            raise CaptchaFailed
        return super().perform(request, *args, **values)


class Credentials(native.Credentials):
    captcha = serializers.CharField()


contract = native.contract.but(
    Endpoint("login/", LogInWithCaptcha, request=Credentials, response=native.Session),
)
app_name = "captcha"
urlpatterns = contract.urls
