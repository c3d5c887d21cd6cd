"""Log in with a handle, receive ``{"access": ...}``; errors look like DRF's."""

from rest_framework import serializers

from django_simple_auth.contracts.errors import non_field_errors
from django_simple_auth.exceptions import InvalidCredentials
from django_simple_auth.views import LogIn, LogOut, Register, ShowAccount
from django_simple_auth.wire import Contract, Detail, Endpoint, IdField, PasswordField, Refusal


class SignUp(serializers.Serializer):
    handle = serializers.CharField(source="username")
    mail = serializers.EmailField(source="email")
    secret = PasswordField(source="password")


class SignIn(serializers.Serializer):
    handle = serializers.CharField(source="username")
    secret = PasswordField(source="password")


class Person(serializers.Serializer):
    id = IdField()
    handle = serializers.CharField(source="username")


class Access(serializers.Serializer):
    access = serializers.CharField(source="token")


contract = Contract(
    Endpoint("people/", Register, request=SignUp, response=Person),
    Endpoint("people/me/", ShowAccount, response=Person),
    Endpoint("sign-in/", LogIn, request=SignIn, response=Access),
    Endpoint("sign-out/", LogOut, response=Detail("Bye.")),
    errors=non_field_errors,
    refusals={InvalidCredentials: Refusal("No such handle, or not that secret.", status=403)},
)
app_name = "own"
urlpatterns = contract.urls
