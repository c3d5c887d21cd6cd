"""The native contract without registration, whose ``me/`` also says who is staff."""

from rest_framework import serializers

from django_simple_auth.contracts import native
from django_simple_auth.views import ShowAccount
from django_simple_auth.wire import Endpoint


class Account(native.OwnAccount):
    is_staff = serializers.BooleanField(source="user.is_staff")


contract = native.contract.but(Endpoint("me/", ShowAccount, response=Account), without=["register"])
app_name = "changed"
urlpatterns = contract.urls
