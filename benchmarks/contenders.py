"""One trivial view, behind each way of authentication."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.models import AuthToken as KnoxToken
from rest_framework.authentication import TokenAuthentication as AuthtokenAuthentication
from rest_framework.authtoken.models import Token
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_simple_auth import sessions
from django_simple_auth.authentication import TokenAuthentication

USERS = 500  # with fewer rows a database may skip the index and read them all


class View(APIView):
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({"user": self.who(request)})

    def who(self, request: Request) -> int | None:
        return request.user.pk


class LookUp(View):
    def who(self, request: Request) -> int | None:
        return Token.objects.select_related("user").get(key=request.META["HTTP_AUTHORIZATION"]).user.pk


NOTHING, LOOK_UP, OURS = "no authentication", "one indexed look-up", "django_simple_auth"
AUTHTOKEN, KNOX = "rest_framework.authtoken", "knox"
VIEWS = {
    NOTHING: View.as_view(authentication_classes=[]),
    LOOK_UP: LookUp.as_view(authentication_classes=[]),
    OURS: View.as_view(authentication_classes=[TokenAuthentication]),
    AUTHTOKEN: View.as_view(authentication_classes=[AuthtokenAuthentication]),
    KNOX: View.as_view(authentication_classes=[KnoxAuthentication]),
}


def dispatch(request: HttpRequest, name: str) -> HttpResponseBase:
    return VIEWS[name](request)


# One route for all: several would be searched in order, which would slow down the last contender.
urlpatterns = [path("<str:name>/", dispatch)]


@transaction.atomic
def populate() -> tuple[User, dict[str, str]]:
    """Give many users a token of each kind. Returns one of the users, with the header for each contender."""
    users = [User.objects.create(username=f"user{number}") for number in range(USERS)]
    headers = []
    for user in users:
        key = Token.objects.create(user=user).key
        headers.append(
            {
                NOTHING: "",
                LOOK_UP: key,
                OURS: f"Token {sessions.start(user).secret}",
                AUTHTOKEN: f"Token {key}",
                KNOX: f"Token {KnoxToken.objects.create(user)[1]}",
            }
        )
    return users[USERS // 2], headers[USERS // 2]
