"""No tokens: being logged in is a state in the database; logging out needs no authentication. Errors are DRF's."""

from rest_framework.serializers import CharField, EmailField, Serializer

from ..exceptions import UnknownUser, WrongPassword
from ..views import LogInWithoutToken, LogOutById, Register
from ..wire import Contract, Endpoint, IdField, PasswordField, Refusal, StaticBody
from .errors import non_field_errors


class Registration(Serializer):
    username = CharField()
    email = EmailField()
    password = PasswordField()


class Credentials(Serializer):
    username = CharField()
    password = PasswordField()


class User(Serializer):
    user_id = IdField(source="id")
    username = CharField()
    email = EmailField()


contract = Contract(
    Endpoint("user/register/", Register, request=Registration, response=User),
    Endpoint("user/login/", LogInWithoutToken, request=Credentials, response=User),
    Endpoint("user/logout/<str:user_id>/", LogOutById, response=StaticBody(message="Logged out")),
    errors=non_field_errors,
    refusals={
        UnknownUser: Refusal("There is no such user."),
        WrongPassword: Refusal("The password is incorrect.", status=401),
    },
    language="en",
)
app_name = "simple_auth_presence"
urlpatterns = contract.urls
