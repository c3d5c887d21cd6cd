"""``{"user_id": n}`` for an account, ``{"token": ...}`` for a login; logout and API keys by GET with ``?token=``.

Errors are ``{field: [texts]}`` or ``{"error": text}``, always under 400.
"""

from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.serializers import CharField, EmailField, Serializer

from ..authentication import QueryTokenAuthentication
from ..exceptions import EmailTaken, InvalidCredentials, UsernameTaken
from ..views import CreateKeyByGet, LogIn, LogOutByGet, Register
from ..wire import Contract, Endpoint, IdField, PasswordField, Refusal, StaticBody
from .errors import by_field_or_text


class Registration(Serializer):
    username = CharField()
    password = PasswordField()
    email = EmailField()


class UserId(Serializer):
    user_id = IdField(source="id")


class Credentials(Serializer):
    username = CharField()
    password = PasswordField()


class Token(Serializer):
    token = CharField()


class Key(Serializer):
    key = CharField(source="token")


IN_QUERY = (QueryTokenAuthentication,)
LOGGED_OUT = StaticBody(message="Logged out")

contract = Contract(
    Endpoint("user/register/", Register, request=Registration, response=UserId),
    Endpoint("user/login/", LogIn, request=Credentials, response=Token),
    Endpoint("user/logout", LogOutByGet, response=LOGGED_OUT, authentication_classes=IN_QUERY),
    Endpoint("keys/generate/", CreateKeyByGet, response=Key, authentication_classes=IN_QUERY),
    errors=by_field_or_text("error"),
    refusals={
        UsernameTaken: Refusal("A user with that username already exists."),
        EmailTaken: Refusal("User with this email already exists."),
        InvalidCredentials: Refusal("Invalid credentials"),
        NotAuthenticated: Refusal("Missing token", status=400),
        AuthenticationFailed: Refusal("Invalid token", status=400),
        PermissionDenied: Refusal(status=400),
    },
    language="en",
)
app_name = "simple_auth_keys"
urlpatterns = contract.urls
