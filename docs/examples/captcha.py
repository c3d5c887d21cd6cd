"""The native contract with a captcha at registration."""

from rest_framework import serializers

from django_simple_auth.contracts import native
from django_simple_auth.exceptions import SimpleAuthError
from django_simple_auth.views import Register
from django_simple_auth.wire import Endpoint


class Registration(native.Registration):
    captcha = serializers.CharField(max_length=4096)


class CaptchaFailed(SimpleAuthError):
    code = "captcha_failed"
    message = "Please solve the captcha again."
    field = "captcha"


def is_solved(captcha):
    """Ask your captcha provider here."""
    return captcha == "solved"


class RegisterWithCaptcha(Register):
    """Make an account, if the captcha is solved."""

    raises = (*Register.raises, CaptchaFailed)

    def guard(self, request, values):
        if not is_solved(values.pop("captcha", "")):
            raise CaptchaFailed


contract = native.contract.but(
    Endpoint(
        "register/",
        RegisterWithCaptcha,
        request=Registration,
        response=native.Account,
        accepted=native.ON_ITS_WAY,
    )
)
app_name = "with_captcha"
urlpatterns = contract.urls
