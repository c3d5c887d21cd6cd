"""``create/``, ``token/`` and ``me/``; the account as ``{"id", "username", "email"}``; errors as DRF writes them."""

from rest_framework.serializers import CharField, EmailField, Serializer

from ..views import LogIn, Register, ShowAccount
from ..wire import Contract, Endpoint, IdField, PasswordField
from .errors import non_field_errors


class NewAccount(Serializer):
    username = CharField()
    email = EmailField()
    password = PasswordField()


class Account(Serializer):
    id = IdField()
    username = CharField()
    email = EmailField()


class Credentials(Serializer):
    username = CharField()
    password = PasswordField()


class Token(Serializer):
    token = CharField()


contract = Contract(
    Endpoint("create/", Register, request=NewAccount, response=Account),
    Endpoint("token/", LogIn, request=Credentials, response=Token),
    Endpoint("me/", ShowAccount, response=Account),
    errors=non_field_errors,
    language="en",
)
app_name = "simple_auth_profile"
urlpatterns = contract.urls
