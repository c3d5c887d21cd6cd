"""Which token the native contract accepts, and the code of each 401."""

from __future__ import annotations

from typing import Any

import pytest

from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from tests.contracts.native.cases import API, NEW, log_in


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("Basic Ym9iOmJvYg==", "not_authenticated"),
        ("Token", "not_authenticated"),
        ("Token junk", "token_invalid"),
        ("Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "token_invalid"),
        (f"Token {token_format.generate('dsa')}", "token_invalid"),
        ("Token a b", "token_invalid"),
        ("Token \xff", "token_invalid"),
    ],
)
def test_a_401_has_a_code_for_its_cause(client: Any, db: None, header: str | None, code: str):
    extra = {} if header is None else {"HTTP_AUTHORIZATION": header}
    response = client.get(f"{API}/me/", **extra)
    assert response.status_code == 401
    assert response.json()["code"] == code
    assert isinstance(response.json()["detail"], str)


def test_an_expired_token_has_a_code_of_its_own(client: Any, user: Any):
    log_in(client)
    AuthToken.objects.update(expires_at=system_clock.now())
    response = client.get(f"{API}/me/")
    assert (response.status_code, response.json()["code"]) == (401, "token_expired")
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("path", ["register", "login"])
def test_register_and_login_ignore_an_invalid_token(client: Any, user: Any, path: str):
    client.token = token_format.generate("dsa")
    assert client.post(f"{API}/{path}/", {**NEW, "username": "bob"} if path == "login" else NEW).status_code < 300


def test_a_projects_own_view_accepts_the_token(client: Any, user: Any):
    from django.test import Client

    log_in(client)
    assert Client().get(f"{API}/whoami/", HTTP_AUTHORIZATION=f"Bearer {client.token}").json() == {"username": "bob"}
