"""Log in by e-mail, receive ``{"key": ...}``; errors under the fields' names, ``non_field_errors`` or ``detail``."""

from django.core.validators import RegexValidator
from rest_framework.exceptions import NotAuthenticated
from rest_framework.serializers import CharField, EmailField, Serializer

from ..exceptions import AccountDisabled, EmailTaken, InvalidCredentials
from ..views import LogInDisclosingCause, LogOut, Register
from ..wire import ConfirmationField, Contract, Detail, Endpoint, IdField, PasswordField, Refusal
from .errors import non_field_errors

A_LETTER = RegexValidator(r"[^\W\d_]", "Password must contain at least one letter.")
A_NUMERAL = RegexValidator(r"\d", "Password must contain at least one numeral.")


class Registration(Serializer):
    first_name = CharField()
    last_name = CharField()
    email = EmailField()
    password1 = PasswordField(
        source="password",
        min_length=8,
        error_messages={"min_length": "Password must be at least 8 characters long."},
        validators=[A_LETTER, A_NUMERAL],
    )
    password2 = ConfirmationField("password1", error_messages={"differs": "The two password fields did not match."})


class Account(Serializer):
    id = IdField()
    first_name = CharField()
    last_name = CharField()
    email = EmailField()


class Credentials(Serializer):
    email = EmailField()
    password = PasswordField()


class Key(Serializer):
    key = CharField(source="token")


NOT_LOGGED_IN = Refusal("You should be logged in to logout. Check whether the token is passed.", status=400)

contract = Contract(
    Endpoint("users/registration/", Register, request=Registration, response=Account),
    Endpoint("users/login/", LogInDisclosingCause, request=Credentials, response=Key),
    Endpoint(
        "users/logout/",
        LogOut,
        response=Detail("Successfully logged out."),
        refusals={NotAuthenticated: NOT_LOGGED_IN},
    ),
    errors=non_field_errors,
    refusals={
        EmailTaken: Refusal("A user with this email already exists."),
        InvalidCredentials: Refusal("Unable to log in with provided credentials."),
        AccountDisabled: Refusal("User account is disabled."),
    },
    language="en",
)
app_name = "simple_auth_email"
urlpatterns = contract.urls
