"""The native contract: ``{"token": ..., "expires_at": ..., "user": {...}}``; DRF's errors with a code."""

from rest_framework import serializers

from .contracts.errors import coded_detail
from .views import (
    AskEmailProof,
    AskPasswordReset,
    ChangeEmail,
    ChangePassword,
    LogIn,
    LogOut,
    LogOutEverywhere,
    ProveEmail,
    Register,
    ResetPassword,
    ShowAccount,
)
from .wire import (
    Adapted,
    AdaptedCredentials,
    AdaptedRegistration,
    Contract,
    Endpoint,
    IdField,
    InstantField,
    PasswordField,
)


class Registration(AdaptedRegistration):
    username = serializers.CharField()
    email = serializers.EmailField()
    password = PasswordField()


class Credentials(AdaptedCredentials):
    username = serializers.CharField()
    password = PasswordField()


class Account(Adapted):
    id = IdField()
    username = serializers.CharField()
    email = serializers.EmailField()


class Session(Adapted):
    token = serializers.CharField()
    expires_at = InstantField(allow_null=True)
    user = Account(source="*")


class NewPassword(serializers.Serializer):
    current_password = PasswordField()
    new_password = PasswordField()


class Address(serializers.Serializer):
    email = serializers.EmailField()


class NewAddress(serializers.Serializer):
    email = serializers.EmailField()
    current_password = PasswordField()


class Link(serializers.Serializer):
    token = serializers.CharField()


class PasswordByLink(serializers.Serializer):
    token = serializers.CharField()
    new_password = PasswordField()


contract = Contract(
    Endpoint("register/", Register, request=Registration, response=Account),
    Endpoint("login/", LogIn, request=Credentials, response=Session),
    Endpoint("logout/", LogOut),
    Endpoint("logout/all/", LogOutEverywhere),
    Endpoint("me/", ShowAccount, response=Account),
    Endpoint("password/change/", ChangePassword, request=NewPassword),
    Endpoint("password/reset/", AskPasswordReset, request=Address),
    Endpoint("password/reset/confirm/", ResetPassword, request=PasswordByLink),
    Endpoint("email/verify/", ProveEmail, request=Link),
    Endpoint("email/verify/resend/", AskEmailProof, request=Address),
    Endpoint("email/change/", ChangeEmail, request=NewAddress),
    errors=coded_detail,
)
app_name = "simple_auth"
urlpatterns = contract.urls
