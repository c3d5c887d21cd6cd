"""``{"token": ...}`` for a login, else ``{"message": text}``; ``{"error": text}`` for every refusal."""

from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.serializers import CharField, EmailField, Serializer

from ..exceptions import EmailTaken, InvalidCredentials, UsernameTaken
from ..views import LogIn, LogOut, Register
from ..wire import Contract, Endpoint, PasswordField, Refusal, StaticBody
from .errors import one_text


class Registration(Serializer):
    username = CharField()
    email = EmailField()
    password = PasswordField()


class Credentials(Serializer):
    username = CharField()
    password = PasswordField()


class Token(Serializer):
    token = CharField()


UNAUTHORIZED = Refusal("Invalid token or missing authentication")

contract = Contract(
    Endpoint("register/", Register, request=Registration, response=StaticBody(message="User registered successfully")),
    Endpoint("login/", LogIn, request=Credentials, response=Token),
    Endpoint("logout/", LogOut, response=StaticBody(message="Logged out successfully")),
    errors=one_text("error"),
    refusals={
        UsernameTaken: Refusal("Username already exists", field=""),
        EmailTaken: Refusal("Email already registered", field=""),
        InvalidCredentials: Refusal("Invalid credentials"),
        NotAuthenticated: UNAUTHORIZED,
        AuthenticationFailed: UNAUTHORIZED,
    },
    language="en",
)
app_name = "simple_auth_message"
urlpatterns = contract.urls
