"""The native contract, one with a cookie, and a view of the project."""

from django.urls import include, path
from django.views.decorators.cache import cache_control
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from django_simple_auth.permissions import HasScope

SCOPES = {"GET": "notes:read", "POST": "notes:write"}


class Notes(APIView):
    def get_permissions(self) -> list[BasePermission]:
        return [HasScope(SCOPES[str(self.request.method)])()]

    def get(self, request: Request) -> Response:
        return Response([])


urlpatterns = [
    path("api/auth/", include("django_simple_auth.urls")),
    path("browser/", include("docs.examples.cookie_contract")),
    path("notes/", cache_control(no_store=True)(Notes.as_view())),
]
