"""Sessions of the native contract: logout/, sessions/ and token/rotate/."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from django_simple_auth import sessions
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import issuing
from tests.contracts.native.cases import API, log_in

# logout/


def test_logout_ends_this_token_only(client: Any, user: Any):
    other = sessions.start(user)
    log_in(client)
    assert client.post(f"{API}/logout/").status_code == 204
    assert client.get(f"{API}/me/").json()["code"] == "token_invalid"
    client.token = other.secret
    assert client.get(f"{API}/me/").status_code == 200


def test_logout_all_ends_every_token_of_the_user(client: Any, user: Any):
    other = sessions.start(user)
    log_in(client)
    assert client.post(f"{API}/logout/all/").status_code == 204
    client.token = other.secret
    assert client.get(f"{API}/me/").status_code == 401


def test_logout_without_a_token_of_ours_is_no_error(user: Any):
    api_client = APIClient()
    api_client.force_authenticate(user)
    assert api_client.post(f"{API}/logout/").status_code == 204


# sessions/


def test_sessions_are_listed_at_two_queries(client: Any, user: Any):
    log_in(client)
    sessions.start(user, device="another")
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"{API}/sessions/")
    assert len(queries) == 2
    assert response.status_code == 200
    another, current = response.json()
    row = AuthToken.objects.get(pk=current["id"])
    assert (another["device"], another["current"]) == ("another", False)
    assert current == {
        "id": row.pk,
        "device": "",
        "address": "127.0.0.1",
        "created_at": row.created_at.isoformat().replace("+00:00", "Z"),
        "last_used_at": row.last_used_at.isoformat().replace("+00:00", "Z"),
        "expires_at": row.expires_at.isoformat().replace("+00:00", "Z"),
        "current": True,
    }


def test_without_a_token_of_ours_no_session_is_current(user: Any):
    sessions.start(user)
    api_client = APIClient()
    api_client.force_authenticate(user)
    assert [session["current"] for session in api_client.get(f"{API}/sessions/").json()] == [False]


def test_one_session_is_ended_by_its_id(client: Any, user: Any):
    other = sessions.start(user)
    log_in(client)
    assert client.send("DELETE", f"{API}/sessions/{other.row.pk}/").status_code == 204
    (current,) = client.get(f"{API}/sessions/").json()
    assert client.send("DELETE", f"{API}/sessions/{current['id']}/").status_code == 204
    assert client.get(f"{API}/sessions/").status_code == 401


@pytest.mark.parametrize("whose", ["another's", "unknown", "nonsense"])
def test_another_users_session_is_404(client: Any, user: Any, whose: str):
    other = sessions.start(get_user_model().objects.create_user("eve")).row.pk
    log_in(client)
    path = {"another's": other, "unknown": 10**30}.get(whose, "x")
    response = client.send("DELETE", f"{API}/sessions/{path}/")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found.", "code": "not_found"})
    assert AuthToken.objects.filter(pk=other).exists()


# token/rotate/


def test_rotation_answers_a_new_token_and_revokes_the_old(client: Any, user: Any):
    body = log_in(client)
    response = client.post(f"{API}/token/rotate/")
    assert response.status_code == 200
    assert response.json() == {"token": response.json()["token"], "expires_at": body["expires_at"]}
    assert client.get(f"{API}/me/").json()["code"] == "token_invalid"
    client.token = response.json()["token"]
    assert client.get(f"{API}/me/").status_code == 200


@pytest.mark.parametrize("idle", [None, 300])
def test_rotation_answers_the_expiry_by_todays_settings(client: Any, user: Any, settings: Any, idle: int | None):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    log_in(client)
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 3600
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": idle}
    end = AuthToken.objects.get().created_at + timedelta(hours=1)
    assert client.post(f"{API}/token/rotate/").json()["expires_at"] == end.isoformat().replace("+00:00", "Z")


def test_only_a_login_token_can_be_rotated(client: Any, user: Any):
    client.token = issuing.issue(user, AuthToken.Purpose.KEY).secret
    assert client.post(f"{API}/token/rotate/").status_code == 403
    api_client = APIClient()
    api_client.force_authenticate(user)
    response = api_client.post(f"{API}/token/rotate/")
    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")
    assert response.headers["WWW-Authenticate"] == "Token"
