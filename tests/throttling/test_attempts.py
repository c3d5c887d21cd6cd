"""Where attempts are counted, and what transactions do to the counters."""

from __future__ import annotations

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
from tests.support.services import redis_cache, require_redis
from tests.support.throttling import admitted, only
from tests.test_races import at_once

pytestmark = pytest.mark.usefixtures("_two_per_minute")


LOGIN = "/api/auth/login/"


STRANGER = {"username": "nobody", "password": PASSWORD}


def test_an_attempt_above_the_rate_has_the_seconds_to_wait():
    assert admitted(2) == 2
    with pytest.raises(TooManyAttempts) as refused:
        attempts.hit("login", "a")
    assert 1 <= refused.value.retry_after <= 60


def test_other_clients_are_counted_separately():
    for who in [("a",), ("b",), ("a", "b"), ("a:b",)] * 2:
        attempts.hit("login", *who)


def test_a_scope_without_a_rate_has_no_limit():
    for _ in range(100):
        attempts.hit("register", "a")


def test_counters_and_flags_belong_to_one_key(settings: Any):
    assert admitted(2, "a") == admitted(2, "b") == 2
    attempts.clear("login", "a")
    assert (admitted(3, "a"), admitted(1, "b")) == (2, 0)
    attempts.remember("met", "a", seconds=60)
    assert (attempts.remembers("met", "a"), attempts.remembers("met", "b")) == (True, False)


def test_local_memory_counts_without_the_database(settings: Any, django_assert_num_queries: Any, db: None):
    with django_assert_num_queries(0):
        assert admitted(3) == 2


@pytest.mark.parametrize("backend", ["filebased.FileBasedCache", "db.DatabaseCache", "dummy.DummyCache"])
def test_the_database_replaces_a_cache_that_cannot_count(
    settings: Any, count_in_database: None, tmp_path: Any, backend: str
):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": str(tmp_path)}}
    assert admitted(3) == 2
    assert ThrottleCounter.objects.get().count == 2


def test_the_database_counts_if_the_setting_says_so(settings: Any, count_in_database: None):
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


@pytest.fixture
def _in_database(_two_per_minute: None, settings: Any, transactional_db: None) -> None:
    settings.SIMPLE_AUTH = {
        "THROTTLE_STORE": "database",
        "THROTTLE_RATES": only(login="3/min", current_password="2/min"),
    }


@pytest.mark.usefixtures("_in_database")
@pytest.mark.parametrize("atomic", [False, True], ids=["autocommit", "ATOMIC_REQUESTS"])
def test_a_refused_request_does_not_roll_back_the_count(client: Any, monkeypatch: Any, atomic: bool):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)
    assert [client.post(LOGIN, STRANGER).status_code for _ in range(5)] == [400, 400, 400, 429, 429]
    assert ThrottleCounter.objects.get().count == 3


@pytest.mark.usefixtures("_in_database")
def test_hashing_does_not_hold_a_lock_on_the_counter(client: Any, monkeypatch: Any):
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
def test_in_a_projects_transaction_memory_counts(user: Any):
    from django.db import transaction

    for _ in range(2):
        with pytest.raises(WrongCurrentPassword), transaction.atomic():
            reauthentication.reauthenticate(user, "wrong")
    with pytest.raises(TooManyAttempts), transaction.atomic():
        reauthentication.reauthenticate(user, PASSWORD)
    assert not ThrottleCounter.objects.exists()


def test_in_a_test_cases_transaction_memory_counts(settings: Any, db: None):
    settings.SIMPLE_AUTH = {**settings.SIMPLE_AUTH, "THROTTLE_STORE": "database"}
    assert admitted(3) == 2
    assert not ThrottleCounter.objects.exists()
