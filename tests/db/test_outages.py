"""A database that is away, or refuses writes, is answered 503 with Retry-After."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from django.db.utils import NotSupportedError, ProgrammingError
from django.test import Client

from django_simple_auth import sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.db import outages
from django_simple_auth.models import AuthToken
from tests.contracts.native.cases import API, NEW
from tests.support.client import PASSWORD
from tests.support.read_only import read_only

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def secret(transactional_db: None) -> str:
    user = get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    return sessions.start(user).secret


def send(method: str, path: str, body: Any = None, secret: str = "") -> Any:
    # The suite's own client accepts no 503.
    client = Client(raise_request_exception=False)
    header = {"HTTP_AUTHORIZATION": f"Token {secret}"} if secret else {}
    return client.generic(method, f"{API}/{path}", json.dumps(body or {}), "application/json", **header)


def test_the_database_of_this_test_refuses_writes(secret: str):
    with read_only(), pytest.raises(DatabaseError) as refused:
        AuthToken.objects.update(name="x")
    assert outages.is_unavailable(refused.value)
    assert AuthToken.objects.update(name="x") == 1


WRITES = {
    "register": ("POST", "register/", NEW),
    "login": ("POST", "login/", {"username": "bob", "password": PASSWORD}),
    "rotate": ("POST", "token/rotate/", None),
    "key": ("POST", "keys/", {"name": "backup"}),
    "update": ("PATCH", "me/", {"first_name": "Bob"}),
    "password": ("POST", "password/change/", {"current_password": PASSWORD, "new_password": "canary-Battery-8"}),
    "delete": ("DELETE", "me/", {"current_password": PASSWORD}),
    "logout": ("POST", "logout/", None),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_to_a_read_only_database_is_503(secret: str, write: str):
    method, path, body = WRITES[write]
    with read_only():
        response = send(method, path, body, secret)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Cache-Control"] == "no-store"
    assert send("GET", "me/", secret=secret).status_code == 200


def test_a_token_grants_access_if_its_use_cannot_be_recorded(secret: str):
    AuthToken.objects.update(last_used_at=system_clock.now() - timedelta(hours=1))
    with read_only():
        assert send("GET", "me/", secret=secret).status_code == 200


def test_an_expired_token_that_cannot_be_deleted_is_503(secret: str):
    AuthToken.objects.update(expires_at=system_clock.now())
    with read_only():
        assert send("GET", "me/", secret=secret).status_code == 503
    assert send("GET", "me/", secret=secret).status_code == 401


def caused_by(error: DatabaseError, sqlstate: str) -> DatabaseError:
    error.__cause__ = type("DriverError", (Exception,), {"sqlstate": sqlstate})()
    return error


@pytest.mark.parametrize(
    ("error", "is_unavailable"),
    [
        (OperationalError("connection refused"), True),
        (InterfaceError("connection already closed"), True),
        (OperationalError("attempt to write a readonly database"), True),
        (caused_by(InternalError("cannot execute UPDATE in a read-only transaction"), "25006"), True),
        (InternalError(1290, "running with the --read-only option"), True),
        (InternalError(1792, "Cannot execute statement in a READ ONLY transaction"), True),
        (InternalError(1836, "Running in read-only mode"), True),
        (caused_by(InternalError("current transaction is aborted"), "25P02"), False),
        (InternalError(), False),
        (DataError("value too long"), False),
        (IntegrityError(1290), False),
        (ProgrammingError("no such table"), False),
        (NotSupportedError("no"), False),
        (DatabaseError("Save with update_fields did not affect any rows."), False),
        (ValueError(1290), False),
    ],
    ids=repr,
)
def test_only_outages_are_told_from_other_errors(error: Exception, is_unavailable: bool):
    assert outages.is_unavailable(error) is is_unavailable
