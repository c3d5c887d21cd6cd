"""keys/ of the native contract."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import keys, sessions
from django_simple_auth.models import AuthToken
from tests.contracts.native.cases import API


@pytest.fixture
def bob(client: Any, user: Any) -> Any:
    client.token = sessions.start(user).secret
    return client


def test_a_key_is_made_listed_and_deleted_by_a_client(bob: Any):
    end = "2999-12-31T23:59:59Z"
    made = bob.post(f"{API}/keys/", {"name": "backup", "scopes": ["notes:read"], "expires_at": end})
    row = AuthToken.objects.get(purpose="key")
    created = row.created_at.isoformat().replace("+00:00", "Z")
    assert made.status_code == 201
    assert made.json() == {
        "id": row.pk,
        "name": "backup",
        "key": made.json()["key"],
        "scopes": ["notes:read"],
        "created_at": created,
        "expires_at": end,
    }
    assert sessions.resume(made.json()["key"]) == row
    with CaptureQueriesContext(connection) as queries:
        listed = bob.get(f"{API}/keys/")
    assert len(queries) == 2
    assert made.json()["key"] not in listed.content.decode()
    assert (listed.status_code, listed.json()) == (
        200,
        [
            {
                "id": row.pk,
                "name": "backup",
                "scopes": ["notes:read"],
                "created_at": created,
                "last_used_at": created,
                "expires_at": end,
            }
        ],
    )
    assert bob.send("DELETE", f"{API}/keys/{row.pk}/").status_code == 204
    assert bob.send("DELETE", f"{API}/keys/{row.pk}/").status_code == 404
    assert bob.get(f"{API}/keys/").json() == []


def test_a_key_needs_only_a_name(bob: Any):
    made = bob.post(f"{API}/keys/", {"name": "backup"}).json()
    assert (made["scopes"], made["expires_at"]) == ([], None)
    assert bob.post(f"{API}/keys/", {"name": "backup", "expires_at": None}).status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", value) for value in [None, "", "  ", 7, True, [], {}, "x" * 101, "a\0b", "\ud800"]],
        *[
            ("scopes", value)
            for value in [None, "a", 7, {}, [7], [None], [""], ["a b"], ["\ud800"], ["x" * 501], [["a"]]]
        ],
        *[
            ("expires_at", value)
            for value in ["", "soon", 7, True, [], "2001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "2999-02-30"]
        ],
    ],
)
def test_an_invalid_value_is_400_under_its_field(bob: Any, field: str, value: Any):
    response = bob.post(f"{API}/keys/", {"name": "backup", field: value})
    assert response.status_code == 400
    assert set(response.json()) == {field}
    assert all(isinstance(text, str) for text in response.json()[field])


def test_another_users_key_is_404(bob: Any):
    other = keys.create(get_user_model().objects.create_user("eve")).row.pk
    response = bob.send("DELETE", f"{API}/keys/{other}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert AuthToken.objects.filter(pk=other).exists()


def test_extra_fields_change_nothing(bob: Any):
    eve = get_user_model().objects.create_user("eve")
    body = {"name": "backup", "user": eve.pk, "purpose": "login", "digest": "x", "id": 4711}
    assert bob.post(f"{API}/keys/", body).json()["key"].startswith("dsk_")
    row = AuthToken.objects.get(purpose="key")
    assert (row.user.username, row.pk == 4711) == ("bob", False)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "keys/"), ("POST", "keys/"), ("DELETE", "keys/1/"), ("GET", "sessions/"), ("DELETE", "sessions/1/")],
)
def test_a_key_cannot_change_the_account(client: Any, user: Any, method: str, path: str):
    client.token = keys.create(user).secret
    assert client.send(method, f"{API}/{path}", {"name": "another"}).status_code == 403
    assert AuthToken.objects.count() == 1
