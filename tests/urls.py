from django.contrib import admin
from django.urls import include, path
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.support.project_admin import host, plain


class Whoami(APIView):
    """A view of the project, written as without this package."""

    permission_classes = (IsAuthenticated,)
    schema = None

    def get(self, request: Request) -> Response:
        return Response({"username": request.user.get_username()})


urlpatterns = [
    path("admin/", admin.site.urls),
    path("host/", host.urls),
    path("plain/", plain.urls),
    path("api/auth/", include("django_simple_auth.urls")),
    path("api/auth/whoami/", Whoami.as_view()),
    *[
        path(f"contracts/{name}/", include(f"django_simple_auth.contracts.{name}"))
        for name in ["message", "profile", "keys", "email", "presence"]
    ],
    path("own/", include("docs.examples.own_contract")),
    path("changed/", include("docs.examples.changed_contract")),
]
