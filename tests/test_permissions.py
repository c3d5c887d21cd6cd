"""HasScope in a view of the project."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import path
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_simple_auth import keys, sessions
from django_simple_auth.permissions import HasScope


class Notes(APIView):
    """A view of a project."""

    permission_classes = [HasScope("notes:read")]
    schema = None

    def get(self, request: Any) -> Response:
        return Response([])


@pytest.mark.parametrize(
    ("scopes", "status"), [(["notes:read"], 200), (["x", "notes:read"], 200), (["notes"], 403), ([], 403)]
)
def test_a_key_may_do_what_its_scopes_allow(client: Any, user: Any, settings: Any, scopes: list[str], status: int):
    class URLs:
        urlpatterns = [path("notes/", Notes.as_view())]

    settings.ROOT_URLCONF = URLs
    header = f"Token {keys.create(user, scopes=scopes).secret}"
    assert APIClient().get("/notes/", HTTP_AUTHORIZATION=header).status_code == status


def test_a_login_needs_no_scope(user: Any, settings: Any):
    class URLs:
        urlpatterns = [path("notes/", Notes.as_view())]

    settings.ROOT_URLCONF = URLs
    header = f"Token {sessions.start(user).secret}"
    assert APIClient().get("/notes/", HTTP_AUTHORIZATION=header).status_code == 200
    assert APIClient().get("/notes/").status_code == 401
    by_another_class = APIClient()
    by_another_class.force_authenticate(user)
    assert by_another_class.get("/notes/").status_code == 200
