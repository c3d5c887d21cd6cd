"""The native contract with a captcha at registration and at login."""

from rest_framework import serializers

from django_simple_auth.contracts import native
from django_simple_auth.exceptions import SimpleAuthError
from django_simple_auth.views import LogIn, Register
from django_simple_auth.wire import Endpoint


class Registration(native.Registration):
    captcha = serializers.CharField(max_length=4096)


class Credentials(native.Credentials):
    captcha = serializers.CharField(max_length=4096)


class CaptchaFailed(SimpleAuthError):
    code = "captcha_failed"
    message = "Please solve the captcha again."
    field = "captcha"


def is_solved(captcha):
    """Ask your captcha provider here."""
    return captcha == "solved"


class CaptchaGuard:
    def guard(self, request, values):
        if not is_solved(values.pop("captcha", "")):
            raise CaptchaFailed


class RegisterWithCaptcha(CaptchaGuard, Register):
    """Register, if the captcha is solved."""

    raises = (*Register.raises, CaptchaFailed)


class LogInWithCaptcha(CaptchaGuard, LogIn):
    """Log in, if the captcha is solved."""

    raises = (*LogIn.raises, CaptchaFailed)


contract = native.contract.but(
    Endpoint(
        "register/",
        RegisterWithCaptcha,
        request=Registration,
        response=native.Account,
        accepted=native.ON_ITS_WAY,
    ),
    Endpoint("login/", LogInWithCaptcha, request=Credentials, response=native.Session),
)
app_name = "with_captcha"
urlpatterns = contract.urls
