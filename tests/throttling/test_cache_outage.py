"""While Redis is slow, broken or empty, attempts are still counted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.models import ThrottleCounter
from django_simple_auth.throttling import attempts, circuit_breaker
from tests.support.client import PASSWORD, Client
from tests.support.services import RedisServer, redis_cache
from tests.support.throttling import admitted, only
from tests.test_races import at_once

pytestmark = pytest.mark.usefixtures("_two_per_minute")


LOGIN = "/api/auth/login/"


STRANGER = {"username": "nobody", "password": PASSWORD}


@pytest.fixture
def server(settings: Any, tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    settings.CACHES = redis_cache(server.location)
    yield server
    server.kill()


@pytest.fixture
def waits(monkeypatch: Any) -> list[float]:
    """The timeouts, in seconds, of every call to the cache that timed out."""
    waits: list[float] = []

    class Watched(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            try:
                return super().result(timeout)
            except Exception:
                assert timeout is not None
                waits.append(timeout)
                raise

    monkeypatch.setattr(circuit_breaker, "Future", Watched)
    monkeypatch.setattr(circuit_breaker, "RETRY_SECONDS", 3600)
    return waits


@pytest.fixture
def after_a_rest(monkeypatch: Any) -> Callable[[], None]:
    """Let the cache be tried again, with a timeout that is long enough for a slow machine."""

    def after_a_rest() -> None:
        monkeypatch.setattr(circuit_breaker, "RETRY_SECONDS", 0)
        monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
        attempts._cache._retry_at = 0.0

    return after_a_rest


def test_the_database_counts_if_redis_is_unreachable(settings: Any, count_in_database: None, waits: Any, caplog: Any):
    # The client repeats refused connections, and may take longer than the deadline.
    settings.CACHES = redis_cache("redis://127.0.0.1:1")
    with caplog.at_level(logging.WARNING, "django_simple_auth"):
        assert admitted(4) == 2
    assert len(waits) == 1
    assert ThrottleCounter.objects.get().count == 2
    (record,) = [record for record in caplog.records if record.name == "django_simple_auth"]
    assert record.getMessage() == "The cache is down; limits are counted in the database."
    assert record.exc_info


@pytest.mark.django_db(transaction=True)
def test_a_frozen_redis_costs_one_short_wait(
    settings: Any, user: Any, client: Any, server: RedisServer, waits: list[float]
):
    rates = {"login": "5/min", "login_account": "5/min", "login_identifier": "5/min"}
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": rates}
    server.freeze()
    body = {"username": "bob", "password": PASSWORD}
    assert client.post(LOGIN, body).status_code == 200
    assert waits == [circuit_breaker.DEADLINE_SECONDS]
    statuses = [client.post(LOGIN, body).status_code for _ in range(5)]
    assert statuses == [200] * 4 + [429]
    assert waits == [circuit_breaker.DEADLINE_SECONDS]


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_freezes_meanwhile_costs_one_wait(
    settings: Any, user: Any, client: Any, server: RedisServer, waits: list[float], monkeypatch: Any
):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login="5/min", login_account="5/min")}
    real, deadline = PasswordFactor.verify, circuit_breaker.DEADLINE_SECONDS
    monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)

    def authenticate(*arguments: Any) -> Any:
        server.freeze()
        monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", deadline)
        return real(*arguments)

    monkeypatch.setattr(PasswordFactor, "verify", authenticate)
    assert client.post(LOGIN, {"username": "bob", "password": PASSWORD}).status_code == 200
    assert waits == [deadline]


@pytest.mark.django_db(transaction=True)
def test_with_a_frozen_redis_exactly_the_rate_is_admitted(settings: Any, server: RedisServer, waits: list[float]):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login="5/min")}
    server.freeze()
    statuses = [response.status_code for response in at_once([lambda: Client().post(LOGIN, STRANGER)] * 20)]
    assert (statuses.count(400), statuses.count(429)) == (5, 15)
    assert waits == [circuit_breaker.DEADLINE_SECONDS] * len(waits)
    assert len(waits) <= 20
    assert attempts._cache._threads <= circuit_breaker.THREADS


def test_a_recovered_redis_counts_again(db: None, server: RedisServer, after_a_rest: Any):
    server.freeze()
    assert admitted(3) == 2
    server.thaw()
    after_a_rest()
    ThrottleCounter.objects.all().delete()
    # Another key: the requests sent while it was frozen may have been counted by now.
    assert admitted(1, "b") == 1
    assert not ThrottleCounter.objects.exists()


def test_a_token_is_valid_while_the_cache_is_down(
    settings: Any, user: Any, client: Any, server: RedisServer, waits: list[float], django_assert_num_queries: Any
):
    from django_simple_auth import sessions

    settings.SIMPLE_AUTH = {}
    client.token = sessions.start(user).secret
    server.freeze()
    with django_assert_num_queries(1):
        assert client.get("/api/auth/me/").status_code == 200
    assert waits == []


def test_a_flushed_redis_starts_counting_again(server: RedisServer, monkeypatch: Any):
    monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
    assert admitted(3) == 2
    server.flush()
    assert admitted(3) == 2


def test_the_database_counts_after_redis_was_killed(count_in_database: None, server: RedisServer, monkeypatch: Any):
    with monkeypatch.context() as patch:
        patch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
        assert admitted(1) == 1
    server.kill()
    assert admitted(3) == 2
    assert ThrottleCounter.objects.get().count == 2


def test_a_cache_that_hides_errors_counts_as_down(count_in_database: None, server: RedisServer, monkeypatch: Any):
    from django.core.cache.backends.redis import RedisCache

    monkeypatch.setattr(RedisCache, "add", lambda *args, **kwargs: False)
    monkeypatch.setattr(RedisCache, "incr", lambda *args, **kwargs: None)
    assert admitted(3) == 2
    assert ThrottleCounter.objects.get().count == 2
