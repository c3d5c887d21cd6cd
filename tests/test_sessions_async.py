"""``aresume`` follows the rules of ``resume``."""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import keys, sessions, signals
from django_simple_auth.db import clock as system_clock
from django_simple_auth.db import deferred
from django_simple_auth.exceptions import TokenExpired, TokenInvalid
from django_simple_auth.models import AuthToken, RetiredToken
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import store

# Its thread is this one, so that it sees the rows of the test's transaction.
aresume = async_to_sync(sessions.aresume)


def test_it_is_called_like_its_synchronous_twin():
    assert inspect.signature(sessions.aresume) == inspect.signature(sessions.resume)


def test_a_session_resumes_with_its_user_by_one_query(user: Any):
    issued = sessions.start(user)
    with CaptureQueriesContext(connection) as queries:
        token = aresume(issued.secret)
        assert (token, token.user.username) == (issued.row, "bob")
    assert len(queries) == 1


def test_an_api_key_resumes_with_its_scopes(user: Any):
    token = aresume(keys.create(user, scopes=["notes:read"]).secret)
    assert (token.user, token.purpose, token.scopes) == (user, "key", "notes:read")


@pytest.mark.parametrize("secret", ["", "dsa_", "dsa_\0", "dsa_\xff", "dsa_" + "0" * 49, "x" * 100_000])
def test_a_malformed_token_costs_no_query_and_no_thread(monkeypatch: Any, secret: str):
    monkeypatch.setattr(sessions, "sync_to_async", None)
    with pytest.raises(TokenInvalid):
        aresume(secret)


def test_an_unknown_token_is_invalid(db: None):
    with pytest.raises(TokenInvalid):
        aresume(token_format.generate("dsa"))


def test_an_expired_token_is_refused_and_deleted(user: Any):
    secret = sessions.start(user).secret
    AuthToken.objects.update(expires_at=system_clock.now())
    with pytest.raises(TokenExpired):
        aresume(secret)
    assert not AuthToken.objects.exists()
    with pytest.raises(TokenInvalid):
        aresume(secret)


def test_a_token_of_an_inactive_user_is_invalid(user: Any):
    secret = sessions.start(user).secret
    get_user_model().objects.update(is_active=False)
    with pytest.raises(TokenInvalid):
        aresume(secret)
    assert not AuthToken.objects.exists()


def test_a_reused_token_ends_its_session(user: Any, rf: Any):
    request = rf.get("/")
    issued = sessions.start(user)
    stolen = issued.secret
    fresh = sessions.rotate(issued.row).secret
    RetiredToken.objects.update(retired_at=system_clock.now() - timedelta(seconds=11))
    received: list[Any] = []

    def receive(session: int, request: Any, **kwargs: Any) -> None:
        received.append((session, request))

    signals.token_reused.connect(receive)
    try:
        with pytest.raises(TokenInvalid):
            aresume(stolen, request)
        deferred.run_pending()
    finally:
        signals.token_reused.disconnect(receive)
    assert received == [(issued.row.pk, request)]
    with pytest.raises(TokenInvalid):
        aresume(fresh)


def test_the_last_use_is_recorded(user: Any, clock: Any):
    issued = sessions.start(user)
    clock.passes(minutes=2)
    aresume(issued.secret)
    deferred.run_pending()
    assert AuthToken.objects.get().last_used_at > issued.row.last_used_at


def test_a_database_that_is_down_is_no_invalid_token(monkeypatch: Any):
    def down(*args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(store, "find", down)
    with pytest.raises(OperationalError):
        aresume(token_format.generate("dsa"))
