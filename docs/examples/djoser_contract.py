"""For clients written for djoser: a login answers ``{"auth_token": ...}``."""

from rest_framework import serializers

from django_simple_auth.contracts.errors import non_field_errors
from django_simple_auth.views import ChangePassword, LogIn, LogOut, Register, ShowAccount
from django_simple_auth.wire import Contract, Endpoint, IdField, PasswordField


class SignUp(serializers.Serializer):
    username = serializers.CharField()
    email = serializers.EmailField()
    password = PasswordField()


class Credentials(serializers.Serializer):
    username = serializers.CharField()
    password = PasswordField()


class Token(serializers.Serializer):
    auth_token = serializers.CharField(source="token")


class Person(serializers.Serializer):
    id = IdField()
    username = serializers.CharField()
    email = serializers.EmailField()


class NewPassword(serializers.Serializer):
    current_password = PasswordField()
    new_password = PasswordField()


contract = Contract(
    Endpoint("token/login/", LogIn, request=Credentials, response=Token),
    Endpoint("token/logout/", LogOut),
    Endpoint("users/", Register, request=SignUp, response=Person),
    Endpoint("users/me/", ShowAccount, response=Person),
    Endpoint("users/set_password/", ChangePassword, request=NewPassword),
    errors=non_field_errors,
)
app_name = "as_djoser"
urlpatterns = contract.urls
