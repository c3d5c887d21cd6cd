"""The native contract: ``{"token": ..., "expires_at": ..., "user": {...}}``; DRF's errors with a code."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from ..views import (
    ChangeEmail,
    ChangePassword,
    ConfirmPasswordReset,
    CreateKey,
    DeleteAccount,
    DeleteKey,
    EndSession,
    ListKeys,
    ListSessions,
    LogIn,
    LogOut,
    LogOutEverywhere,
    Register,
    RequestPasswordReset,
    ResendVerification,
    RotateToken,
    ShowAccount,
    UpdateAccount,
    VerifyEmail,
)
from ..wire import (
    AccountSerializer,
    Contract,
    CredentialsSerializer,
    Detail,
    Endpoint,
    IdField,
    Many,
    PasswordField,
    ProfileSerializer,
    RegistrationSerializer,
    ScopesField,
    UTCDateTimeField,
)
from .errors import coded_detail


class Registration(RegistrationSerializer):
    username = serializers.CharField()
    email = serializers.EmailField()
    password = PasswordField()
    invitation = serializers.CharField(required=False, max_length=100)


class Credentials(CredentialsSerializer):
    username = serializers.CharField()
    password = PasswordField()
    device = serializers.CharField(required=False, allow_blank=True, max_length=100)


class Account(AccountSerializer):
    id = IdField()
    username = serializers.CharField()
    email = serializers.EmailField()


class OwnAccount(Account):
    first_name = serializers.CharField()
    last_name = serializers.CharField()


class Profile(ProfileSerializer):
    username = serializers.CharField(required=False)
    first_name = serializers.CharField(required=False, allow_blank=True)
    last_name = serializers.CharField(required=False, allow_blank=True)


class Confirmation(serializers.Serializer):
    current_password = PasswordField()


class Session(AccountSerializer):
    token = serializers.CharField()
    expires_at = UTCDateTimeField(allow_null=True)
    user = Account(source="*")


class RotatedToken(serializers.Serializer):
    token = serializers.CharField()
    expires_at = UTCDateTimeField(allow_null=True)


class OpenSession(serializers.Serializer):
    id = serializers.IntegerField()
    device = serializers.CharField()
    address = serializers.CharField(source="ip_address")
    created_at = UTCDateTimeField()
    last_used_at = UTCDateTimeField()
    expires_at = UTCDateTimeField(allow_null=True)
    current = serializers.BooleanField()


class NewKey(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    scopes = ScopesField(required=False)
    expires_at = UTCDateTimeField(required=False, allow_null=True)


class CreatedKey(serializers.Serializer):
    id = serializers.IntegerField(source="item.id")
    name = serializers.CharField(source="item.name")
    key = serializers.CharField(source="token")
    scopes = ScopesField(source="item.scopes")
    created_at = UTCDateTimeField(source="item.created_at")
    expires_at = UTCDateTimeField(allow_null=True)


class Key(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    scopes = ScopesField()
    created_at = UTCDateTimeField()
    last_used_at = UTCDateTimeField()
    expires_at = UTCDateTimeField(allow_null=True)


class NewPassword(serializers.Serializer):
    current_password = PasswordField()
    new_password = PasswordField()


class EmailAddress(serializers.Serializer):
    email = serializers.EmailField()


class NewEmail(serializers.Serializer):
    email = serializers.EmailField()
    current_password = PasswordField()


class Link(serializers.Serializer):
    token = serializers.CharField()


class PasswordByLink(serializers.Serializer):
    token = serializers.CharField()
    new_password = PasswordField()


ON_ITS_WAY = Detail(_("We have sent you an e-mail with the next steps."))

contract = Contract(
    Endpoint("register/", Register, request=Registration, response=Account, accepted=ON_ITS_WAY),
    Endpoint("login/", LogIn, request=Credentials, response=Session),
    Endpoint("logout/", LogOut),
    Endpoint("logout/all/", LogOutEverywhere),
    Endpoint("token/rotate/", RotateToken, response=RotatedToken),
    Endpoint("sessions/", ListSessions, response=Many(OpenSession)),
    Endpoint("sessions/<int:session_id>/", EndSession),
    Endpoint("keys/", ListKeys, response=Many(Key)),
    Endpoint("keys/", CreateKey, request=NewKey, response=CreatedKey, status=201),
    Endpoint("keys/<int:key_id>/", DeleteKey),
    Endpoint("me/", ShowAccount, response=OwnAccount),
    Endpoint("me/", UpdateAccount, request=Profile, response=OwnAccount),
    Endpoint("me/", DeleteAccount, request=Confirmation),
    Endpoint("password/change/", ChangePassword, request=NewPassword),
    Endpoint("password/reset/", RequestPasswordReset, request=EmailAddress),
    Endpoint("password/reset/confirm/", ConfirmPasswordReset, request=PasswordByLink),
    Endpoint("email/verify/", VerifyEmail, request=Link),
    Endpoint("email/verify/resend/", ResendVerification, request=EmailAddress),
    Endpoint("email/change/", ChangeEmail, request=NewEmail),
    errors=coded_detail,
)
app_name = "simple_auth"
urlpatterns = contract.urls
