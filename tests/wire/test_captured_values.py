"""What a URL captures: the endpoint's path names values, the prefix of the project's mount does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import include, path

from tests.support.client import PASSWORD

BOB = {"username": "bob", "password": PASSWORD}
ANN = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}


@pytest.fixture(params=["last_name", "username", "is_superuser", "password"])
def prefix(request: Any, settings: Any, user: Any) -> str:
    """The contract stands below a prefix that captures something under this name."""
    mounted = path(f"<str:{request.param}>/auth/", include("django_simple_auth.urls"))
    settings.ROOT_URLCONF = type("URLs", (), {"urlpatterns": [mounted]})
    return "/1/auth"


def columns(user: Any) -> dict[str, Any]:
    return get_user_model().objects.values().get(pk=user.pk)


def test_the_mount_changes_no_account(client: Any, user: Any, prefix: str):
    client.token = client.post(f"{prefix}/login/", BOB).json().pop("token")
    before = columns(user)
    assert client.send("PATCH", f"{prefix}/me/", {"first_name": "Robert"}).status_code == 200
    assert columns(user) == {**before, "first_name": "Robert"}


def test_the_mount_chooses_nothing_at_registration(client: Any, prefix: str):
    assert client.post(f"{prefix}/register/", ANN).status_code == 201
    ann = get_user_model().objects.get(username="ann")
    assert (ann.last_name, ann.is_superuser, ann.check_password(PASSWORD)) == ("", False, True)


def test_the_endpoints_own_path_is_still_read(client: Any, prefix: str):
    client.token = client.post(f"{prefix}/login/", BOB).json().pop("token")
    (session,) = client.get(f"{prefix}/sessions/").json()
    assert client.send("DELETE", f"{prefix}/sessions/{session['id']}/").status_code == 204
