"""What each flow may cost: statements on the database, and round trips to Redis. Counted, never timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from redis import Redis
from redis.connection import Connection

from django_simple_auth import sessions
from django_simple_auth.throttling import attempts, circuit_breaker
from django_simple_auth.throttling.circuit_breaker import CircuitBreaker
from django_simple_auth.tokens import format as token_format
from tests.settings import TEST_REDIS
from tests.support.client import PASSWORD
from tests.support.services import redis_cache, require_redis

pytestmark = pytest.mark.django_db(transaction=True)

API = "/api/auth"
LOGIN = {"username": "bob", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _default_limits(settings: Any) -> None:
    settings.SIMPLE_AUTH = {}


@contextmanager
def statements(*expected: str) -> Iterator[None]:
    """Exactly these statements, by their first words, and BEGIN and COMMIT."""
    with CaptureQueriesContext(connection) as queries:
        yield
    words = [query["sql"].split()[0] for query in queries]
    assert [word for word in words if word not in {"BEGIN", "COMMIT"}] == list(expected)


def log_in(client: Any) -> int:
    status: int = client.post(f"{API}/login/", LOGIN).status_code
    return status


def ask(client: Any, secret: str) -> int:
    client.token = secret
    status: int = client.get(f"{API}/me/").status_code
    return status


def test_an_authenticated_request(client: Any, user: Any):
    secret = sessions.start(user).secret
    with statements("SELECT"):
        assert ask(client, secret) == 200


def test_a_request_with_an_unknown_token(client: Any):
    with statements("SELECT", "SELECT"):
        assert ask(client, token_format.generate("dsa")) == 401


def test_a_request_with_a_malformed_token(client: Any):
    with statements():
        assert ask(client, token_format.generate("dsa")[:-1] + "!") == 401


def test_a_request_with_an_expired_token(client: Any, user: Any, settings: Any, clock: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 60
    secret = sessions.start(user).secret
    clock.passes(seconds=61)
    with statements("SELECT", "DELETE"):
        assert ask(client, secret) == 401


def test_a_login(client: Any, user: Any):
    log_in(client)
    # The user; last_login; the token; whether the device is known.
    with statements("SELECT", "UPDATE", "INSERT", "SELECT"):
        assert log_in(client) == 200


def test_a_login_with_limits_in_the_database(client: Any, user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_STORE": "database"}
    for _ in range(2):
        log_in(client)
    limits = ["SELECT", "UPDATE", "SELECT", "SELECT", "UPDATE"]
    cleared = ["UPDATE", "UPDATE"]
    with statements(*limits, "SELECT", *cleared, "UPDATE", "INSERT", "SELECT"):
        assert log_in(client) == 200


def test_a_logout(client: Any, user: Any):
    client.token = sessions.start(user).secret
    with statements("SELECT", "DELETE"):
        assert client.post(f"{API}/logout/").status_code == 204


def test_a_list_of_sessions(client: Any, user: Any):
    client.token = sessions.start(user).secret
    for _ in range(5):
        sessions.start(user)
    with statements("SELECT", "SELECT"):
        assert len(client.get(f"{API}/sessions/").json()) == 6


def test_a_registration(client: Any):
    body = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
    # Whether the names are free; the user; the claims on both names; whether the claims are its own.
    with statements("SELECT", "INSERT", "INSERT", "SELECT"):
        assert client.post(f"{API}/register/", body).status_code == 201


# Redis


@pytest.fixture
def round_trips(settings: Any, monkeypatch: Any) -> Iterator[Callable[[], list[str]]]:
    """The commands that were sent to Redis since the last call."""
    monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
    prefix = f"test-{uuid4()}"
    settings.CACHES = redis_cache(require_redis(), KEY_PREFIX=prefix)
    attempts._cache._begin()
    sent: list[str] = []
    real = Connection.send_command

    def send(self: Any, *command: Any, **kwargs: Any) -> Any:
        sent.append(str(command[0]))
        return real(self, *command, **kwargs)

    monkeypatch.setattr(Connection, "send_command", send)

    def since_the_last() -> list[str]:
        # Those that set up a new connection do not count.
        taken = [name for name in sent if name not in {"HELLO", "CLIENT", "SELECT"}]
        sent.clear()
        return taken

    yield since_the_last
    with Redis.from_url(TEST_REDIS) as redis:
        redis.delete(*redis.scan_iter(f"{prefix}*"))


def test_a_first_login_in_redis(client: Any, user: Any, round_trips: Any):
    log_in(client)
    # The network; whether it is known, the pair, the name; what a login clears and sets.
    assert round_trips() == ["SET", "GET", "SET", "SET", "DEL", "SET"]


def test_a_later_login_in_redis(client: Any, user: Any, round_trips: Any):
    log_in(client)
    round_trips()
    attempts.clear("login", "127.0.0.1")
    round_trips()
    log_in(client)
    assert round_trips() == ["SET", "GET", "SET", "DEL", "SET"]
    # A counter that has begun takes two commands more: Django asks whether it exists before it increments.
    log_in(client)
    assert round_trips() == ["SET", "EXISTS", "INCRBY", "GET", "SET", "DEL", "SET"]


def test_each_step_of_a_login_waits_for_redis_once(client: Any, user: Any, round_trips: Any, monkeypatch: Any):
    waits: list[int] = []
    real = CircuitBreaker.call

    def call(self: CircuitBreaker, work: Any) -> Any:
        waits.append(1)
        return real(self, work)

    monkeypatch.setattr(CircuitBreaker, "call", call)
    assert log_in(client) == 200
    assert len(waits) == 3
