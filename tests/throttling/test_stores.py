from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from time import time
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.dummy import DummyCache
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.memcached import PyMemcacheCache
from django.core.cache.backends.redis import RedisCache
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from django_simple_auth.db import batches
from django_simple_auth.models import ThrottleCounter
from django_simple_auth.throttling import stores
from django_simple_auth.throttling.stores import AttemptStore, CacheStore, DatabaseStore


@pytest.fixture(params=["cache", "database"])
def store(request: Any, db: None) -> AttemptStore:
    return DatabaseStore() if request.param == "database" else CacheStore(cache)


@pytest.fixture
def later(monkeypatch: Any) -> Callable[[int], None]:
    def later(seconds: int) -> None:
        now = time() + seconds
        monkeypatch.setattr(stores, "time", lambda: now)
        monkeypatch.setattr("django.core.cache.backends.locmem.time.time", lambda: now)

    return later


def test_above_the_limit_the_seconds_to_wait_are_returned(store: AttemptStore, later: Any):
    later(0)
    assert [store.hit("a", 2, 60) for _ in range(4)] == [0, 0, 60, 60]
    later(59)
    assert store.hit("a", 2, 60) == 1


def test_each_key_is_counted_separately(store: AttemptStore):
    assert [store.hit(key, 1, 60) for key in ["a", "b", "a"]] == [0, 0, 60]


def test_after_the_period_the_counter_restarts(store: AttemptStore, later: Any):
    later(0)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]
    later(61)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]


def test_clearing_resets_only_this_key(store: AttemptStore):
    for key in ["a", "b"]:
        store.hit(key, 1, 60)
    store.clear("a")
    store.clear("nothing")
    assert [store.hit(key, 1, 60) for key in ["a", "b", "a"]] == [0, 60, 60]


def test_a_flag_expires_after_its_seconds(store: AttemptStore, later: Any):
    later(0)
    store.remember("a", 60)
    assert (store.remembers("a"), store.remembers("b")) == (True, False)
    later(59)
    store.remember("a", 60)
    later(118)
    assert store.remembers("a")
    later(120)
    assert not store.remembers("a")


@pytest.mark.parametrize(
    ("backend", "can"),
    [
        (RedisCache, True),
        (PyMemcacheCache, True),
        (LocMemCache, True),
        (DatabaseCache, False),
        (FileBasedCache, False),
        (DummyCache, False),
    ],
)
def test_only_caches_with_an_atomic_incr_can_count(backend: type[BaseCache], can: bool):
    assert stores.counts_atomically(backend.__new__(backend)) is can


# In a cache


def test_a_counter_that_expires_before_incr_restarts(monkeypatch: Any):
    real, ended = cache.incr, iter([True])

    def end(key: str) -> int:
        if next(ended, False):
            cache.delete(key)
        found: int = real(key)
        return found

    store = CacheStore(cache)
    store.hit("a", 2, 60)
    monkeypatch.setattr(cache, "incr", end)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]


@pytest.fixture
def _redis_like_incr(monkeypatch: Any) -> None:
    """The counter expires after Redis has checked that it exists, so incr() creates one that never expires."""
    real, ended = cache.incr, iter([True])

    def incr(key: str, delta: int = 1) -> int:
        if next(ended, False):
            cache.set(key, 0, timeout=None)
        found: int = real(key, delta)
        return found

    cache.set("a", 1, 60)
    monkeypatch.setattr(cache, "incr", incr)


@pytest.mark.usefixtures("_redis_like_incr")
def test_a_counter_created_by_incr_expires(later: Any):
    later(0)
    store = CacheStore(cache)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]
    later(61)
    assert store.hit("a", 2, 60) == 0


def test_a_counter_without_an_end_expires(later: Any):
    later(0)
    store = CacheStore(cache)
    cache.set("a", 7, timeout=None)
    assert store.hit("a", 2, 60) == 60
    later(30)
    assert store.hit("a", 2, 60) == 30
    later(61)
    assert store.hit("a", 2, 60) == 0


def test_a_counter_that_two_processes_mend_expires(monkeypatch: Any, later: Any):
    later(0)
    cache.set("a", 0, timeout=None)
    store, real, first = CacheStore(cache), cache.incr, iter([True])

    def incr(key: str, delta: int = 1) -> int:
        if delta > 1 and next(first, False):
            # Other processes are above the limit before this one has stored when the period began.
            assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 60, 60]
        found: int = real(key, delta)
        return found

    monkeypatch.setattr(cache, "incr", incr)
    assert [store.hit("a", 2, 60) for _ in range(2)] == [0, 60]
    assert cache.get("a") < 2**63
    later(61)
    assert store.hit("a", 2, 60) == 0


def test_a_counter_that_is_cleared_meanwhile_restarts(monkeypatch: Any):
    real, cleared = cache.incr, iter([True])

    def incr(key: str, delta: int = 1) -> int:
        if delta > 1 and next(cleared, False):
            cache.delete(key)
        found: int = real(key, delta)
        return found

    cache.set("a", 0, timeout=None)
    monkeypatch.setattr(cache, "incr", incr)
    store = CacheStore(cache)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]


def test_the_largest_number_of_a_counter_fits_into_redis():
    in_the_year_2100 = 130 * 366 * 24 * 3600
    assert (in_the_year_2100 / stores._TICK + 1) * stores._MOST < 2**63


def test_a_cache_that_stores_nothing_raises(monkeypatch: Any):
    monkeypatch.setattr(cache, "add", lambda *args: False)
    with pytest.raises(RuntimeError, match="does not keep the counter"):
        CacheStore(cache).hit("a", 2, 60)


# In the database


def test_above_the_limit_nothing_is_written(db: None):
    store = DatabaseStore()
    store.hit("a", 1, 60)
    with CaptureQueriesContext(connection) as queries:
        assert store.hit("a", 1, 60)
    (query,) = queries
    assert query["sql"].startswith("SELECT")


@pytest.fixture
def between(monkeypatch: Any) -> Callable[[Callable[[], object]], None]:
    """Do something between the next SELECT of a counter and its UPDATE."""

    def between(act: Callable[[], object]) -> None:
        real = QuerySet.first

        def first(self: Any) -> Any:
            monkeypatch.setattr(QuerySet, "first", real)
            found = real(self)
            act()
            return found

        monkeypatch.setattr(QuerySet, "first", first)

    return between


def test_the_last_attempt_may_be_used_by_another_request(db: None, between: Any):
    store = DatabaseStore()
    store.hit("a", 2, 60)
    between(lambda: store.hit("a", 2, 60))
    assert store.hit("a", 2, 60) > 0
    assert ThrottleCounter.objects.get().count == 2


def test_the_counter_may_be_created_by_another_request(db: None, between: Any):
    store = DatabaseStore()
    between(lambda: store.hit("a", 2, 60))
    assert store.hit("a", 2, 60) == 0
    assert ThrottleCounter.objects.get().count == 2


def test_a_period_may_be_started_by_another_request(db: None, between: Any, later: Any):
    store = DatabaseStore()
    store.hit("a", 2, 60)
    later(61)
    between(lambda: store.hit("a", 2, 60))
    assert store.hit("a", 2, 60) == 0
    assert ThrottleCounter.objects.get().count == 2


def test_a_counter_may_be_deleted_meanwhile(db: None, between: Any):
    store = DatabaseStore()
    store.hit("a", 2, 60)
    between(ThrottleCounter.objects.all().delete)
    assert store.hit("a", 2, 60) == 0
    assert ThrottleCounter.objects.get().count == 1


def test_expired_counters_are_deleted_in_batches(db: None, later: Any):
    store = DatabaseStore()
    for number in range(5):
        store.hit(str(number), 1, 60)
    store.remember("known", 3600)
    assert list(stores.clear_expired()) == []
    later(61)
    store.hit("0", 1, 60)
    assert list(stores.clear_expired(3)) == [3, 1]
    assert ThrottleCounter.objects.count() == 2
    assert store.hit("0", 1, 60) > 0
    assert store.remembers("known")


def test_a_counter_restarted_during_deletion_stays(db: None, later: Any, monkeypatch: Any):
    store = DatabaseStore()
    store.hit("a", 1, 60)
    later(61)
    real = batches.atomic_with_retry

    def begin_first(delete: Any, model: Any) -> Any:
        store.hit("a", 1, 60)
        return real(delete, model)

    monkeypatch.setattr(batches, "atomic_with_retry", begin_first)
    list(stores.clear_expired())
    assert ThrottleCounter.objects.get().expires_at > stores._datetime(stores.time()) + timedelta(seconds=30)


def test_a_counter_does_not_show_its_key(db: None):
    DatabaseStore().hit("login:bob", 1, 60)
    assert "bob" not in str(ThrottleCounter.objects.get())
