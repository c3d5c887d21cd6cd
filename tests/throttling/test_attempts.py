from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from django_simple_auth.accounts import reauthentication
from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.exceptions import TooManyAttempts, WrongCurrentPassword
from django_simple_auth.models import ThrottleCounter
from django_simple_auth.throttling import attempts, circuit_breaker
from tests.support.client import PASSWORD, Client
from tests.support.services import RedisServer, redis_cache, require_redis
from tests.support.throttling import only
from tests.test_races import at_once

LOGIN = "/api/auth/login/"
STRANGER = {"username": "nobody", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _anew(settings: Any, monkeypatch: Any) -> Iterator[None]:
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login="2/min")}
    attempts._cache._begin()
    yield
    attempts._cache._begin()


def admitted(count: int, *who: str) -> int:
    """How many of so many attempts are let through."""
    done = 0
    for _ in range(count):
        try:
            attempts.hit("login", *(who or ("a",)))
        except TooManyAttempts:
            continue
        done += 1
    return done


def test_the_attempt_above_the_rate_is_refused_with_the_seconds_to_wait():
    assert admitted(2) == 2
    with pytest.raises(TooManyAttempts) as refused:
        attempts.hit("login", "a")
    assert 1 <= refused.value.retry_after <= 60


def test_whoever_else_is_counted_apart():
    for who in [("a",), ("b",), ("a", "b"), ("a:b",)] * 2:
        attempts.hit("login", *who)


def test_a_scope_without_a_rate_has_no_limit():
    for _ in range(100):
        attempts.hit("register", "a")


def test_what_is_cleared_or_remembered_is_one_key(settings: Any):
    assert admitted(2, "a") == admitted(2, "b") == 2
    attempts.clear("login", "a")
    assert (admitted(3, "a"), admitted(1, "b")) == (2, 0)
    attempts.remember("met", "a", seconds=60)
    assert (attempts.remembers("met", "a"), attempts.remembers("met", "b")) == (True, False)


# Where it is counted


def test_local_memory_counts_by_itself(settings: Any, django_assert_num_queries: Any, db: None):
    with django_assert_num_queries(0):
        assert admitted(3) == 2


@pytest.mark.parametrize("backend", ["filebased.FileBasedCache", "db.DatabaseCache", "dummy.DummyCache"])
def test_in_the_place_of_a_cache_that_cannot_count_the_database_does(
    settings: Any, count_in_database: None, backend: str
):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "unused"}}
    assert admitted(3) == 2
    assert ThrottleCounter.objects.get().count == 2


def test_the_database_counts_where_the_host_says_so(settings: Any, count_in_database: None):
    settings.SIMPLE_AUTH = {**settings.SIMPLE_AUTH, "THROTTLE_STORE": "database"}
    assert admitted(3) == 2
    assert ThrottleCounter.objects.get().count == 2


def test_redis_counts_for_all_processes(settings: Any, monkeypatch: Any):
    monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
    settings.CACHES = redis_cache(require_redis(), KEY_PREFIX=f"test-{uuid4()}")
    assert admitted(1) == 1
    # Another process has other threads and other connections.
    attempts._cache._begin()
    assert admitted(2) == 1
    attempts.clear("login", "a")
    assert admitted(3) == 2
    attempts.clear("login", "a")


# While the cache is down


@pytest.fixture
def server(settings: Any, tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    settings.CACHES = redis_cache(server.location)
    yield server
    server.kill()


@pytest.fixture
def waits(monkeypatch: Any) -> list[float]:
    """The seconds that somebody was ready to wait for the cache, and in vain."""
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
    """The cache will be tried again. What is well may take its time to answer then, on a slow machine."""

    def after_a_rest() -> None:
        monkeypatch.setattr(circuit_breaker, "RETRY_SECONDS", 0)
        monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
        attempts._cache._retry_at = 0.0

    return after_a_rest


def test_a_redis_that_refuses_has_the_database_count(settings: Any, count_in_database: None, waits: Any, caplog: Any):
    # The client repeats what is refused, and may be at it longer than anybody waits.
    settings.CACHES = redis_cache("redis://127.0.0.1:1")
    with caplog.at_level(logging.WARNING, "django_simple_auth"):
        assert admitted(4) == 2
    assert len(waits) == 1
    assert ThrottleCounter.objects.get().count == 2
    (record,) = [record for record in caplog.records if record.name == "django_simple_auth.throttling.attempts"]
    assert record.getMessage() == "The cache is down; limits are counted in the database."
    assert record.exc_info


@pytest.mark.django_db(transaction=True)
def test_a_frozen_redis_costs_a_request_less_than_three_tenths_of_a_second(
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
def test_a_redis_that_freezes_within_a_request_costs_it_no_more(
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
def test_of_many_at_once_before_a_frozen_redis_exactly_the_rate_is_admitted(
    settings: Any, server: RedisServer, waits: list[float]
):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login="5/min")}
    server.freeze()
    statuses = [response.status_code for response in at_once([lambda: Client().post(LOGIN, STRANGER)] * 20)]
    assert (statuses.count(400), statuses.count(429)) == (5, 15)
    assert waits == [circuit_breaker.DEADLINE_SECONDS] * len(waits)
    assert len(waits) <= 20
    assert attempts._cache._threads <= circuit_breaker.THREADS


def test_a_redis_that_is_well_again_counts_again(db: None, server: RedisServer, after_a_rest: Any):
    server.freeze()
    assert admitted(3) == 2
    server.thaw()
    after_a_rest()
    ThrottleCounter.objects.all().delete()
    # What was asked of it while it was frozen may have been counted by now.
    assert admitted(1, "b") == 1
    assert not ThrottleCounter.objects.exists()


def test_a_token_is_good_whatever_the_cache_does(
    settings: Any, user: Any, client: Any, server: RedisServer, waits: list[float], django_assert_num_queries: Any
):
    from django_simple_auth import sessions

    settings.SIMPLE_AUTH = {}
    client.token = sessions.start(user).secret
    server.freeze()
    with django_assert_num_queries(1):
        assert client.get("/api/auth/me/").status_code == 200
    assert waits == []


def test_a_redis_that_was_emptied_goes_on_counting(server: RedisServer, monkeypatch: Any):
    monkeypatch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
    assert admitted(3) == 2
    server.flush()
    assert admitted(3) == 2


def test_a_redis_that_died_has_the_database_count(count_in_database: None, server: RedisServer, monkeypatch: Any):
    with monkeypatch.context() as patch:
        patch.setattr(circuit_breaker, "DEADLINE_SECONDS", 60)
        assert admitted(1) == 1
    server.kill()
    assert admitted(3) == 2
    assert ThrottleCounter.objects.get().count == 2


def test_a_cache_whose_client_swallows_errors_is_down(count_in_database: None, server: RedisServer, monkeypatch: Any):
    from django.core.cache.backends.redis import RedisCache

    monkeypatch.setattr(RedisCache, "add", lambda *args, **kwargs: False)
    monkeypatch.setattr(RedisCache, "incr", lambda *args, **kwargs: None)
    assert admitted(3) == 2
    assert ThrottleCounter.objects.get().count == 2


# Beside transactions


@pytest.fixture
def _in_database(settings: Any, transactional_db: None) -> None:
    settings.SIMPLE_AUTH = {
        "THROTTLE_STORE": "database",
        "THROTTLE_RATES": only(login="3/min", current_password="2/min"),
    }


@pytest.mark.usefixtures("_in_database")
@pytest.mark.parametrize("atomic", [False, True], ids=["autocommit", "ATOMIC_REQUESTS"])
def test_what_was_counted_outlives_the_refusal(client: Any, monkeypatch: Any, atomic: bool):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)
    assert [client.post(LOGIN, STRANGER).status_code for _ in range(5)] == [400, 400, 400, 429, 429]
    assert ThrottleCounter.objects.get().count == 3


@pytest.mark.usefixtures("_in_database")
def test_while_a_password_is_hashed_nobody_waits_for_its_counter(client: Any, monkeypatch: Any):
    waited: list[int] = []
    real = PasswordFactor.verify

    def authenticate(*arguments: Any) -> Any:
        if not waited:
            waited.append(0)
            (response,) = at_once([lambda: Client().post(LOGIN, STRANGER)])
            waited.append(response.status_code)
        return real(*arguments)

    monkeypatch.setattr(PasswordFactor, "verify", authenticate)
    assert client.post(LOGIN, STRANGER).status_code == 400
    assert waited == [0, 400]
    assert ThrottleCounter.objects.get().count == 2


@pytest.mark.usefixtures("_in_database")
def test_in_a_transaction_of_the_hosts_memory_counts_so_that_no_refusal_takes_it_back(user: Any):
    from django.db import transaction

    for _ in range(2):
        with pytest.raises(WrongCurrentPassword), transaction.atomic():
            reauthentication.reauthenticate(user, "wrong")
    with pytest.raises(TooManyAttempts), transaction.atomic():
        reauthentication.reauthenticate(user, PASSWORD)
    assert not ThrottleCounter.objects.exists()


def test_a_test_cases_transaction_is_like_any_other(settings: Any, db: None):
    settings.SIMPLE_AUTH = {**settings.SIMPLE_AUTH, "THROTTLE_STORE": "database"}
    assert admitted(3) == 2
    assert not ThrottleCounter.objects.exists()
