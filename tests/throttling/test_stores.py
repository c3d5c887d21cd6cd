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


def test_so_many_are_counted_and_the_next_is_told_how_long_to_wait(store: AttemptStore, later: Any):
    later(0)
    assert [store.hit("a", 2, 60) for _ in range(4)] == [0, 0, 60, 60]
    later(59)
    assert store.hit("a", 2, 60) == 1


def test_each_key_is_counted_apart(store: AttemptStore):
    assert [store.hit(key, 1, 60) for key in ["a", "b", "a"]] == [0, 0, 60]


def test_after_the_period_counting_begins_anew(store: AttemptStore, later: Any):
    later(0)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]
    later(61)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]


def test_to_clear_is_to_begin_anew_with_this_key(store: AttemptStore):
    for key in ["a", "b"]:
        store.hit(key, 1, 60)
    store.clear("a")
    store.clear("nothing")
    assert [store.hit(key, 1, 60) for key in ["a", "b", "a"]] == [0, 60, 60]


def test_what_is_remembered_is_remembered_for_so_long(store: AttemptStore, later: Any):
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
def test_a_cache_that_reads_first_and_writes_then_cannot_count(backend: type[BaseCache], can: bool):
    assert stores.counts_atomically(backend.__new__(backend)) is can


# In a cache


def test_a_counter_that_ended_before_it_was_counted_up_begins_anew(monkeypatch: Any):
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
    """As where the counter ends after Redis was asked whether there is one: a new one, without an end."""
    real, ended = cache.incr, iter([True])

    def incr(key: str) -> int:
        if next(ended, False):
            cache.set(key, 0, timeout=None)
        found: int = real(key)
        return found

    cache.set("a", 1, 60)
    monkeypatch.setattr(cache, "incr", incr)


@pytest.mark.usefixtures("_redis_like_incr")
def test_a_counter_that_counting_up_has_made_gets_an_end(later: Any):
    later(0)
    store = CacheStore(cache)
    assert [store.hit("a", 2, 60) for _ in range(3)] == [0, 0, 60]
    later(61)
    assert store.hit("a", 2, 60) == 0


def test_no_counter_locks_for_ever(later: Any):
    later(0)
    store = CacheStore(cache)
    cache.set("a", 7, timeout=None)
    assert store.hit("a", 2, 60) == 60
    later(30)
    assert store.hit("a", 2, 60) == 30
    later(61)
    assert store.hit("a", 2, 60) == 0


def test_a_cache_that_keeps_nothing_and_does_not_say_so_counts_nothing(monkeypatch: Any):
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
    """Do something between the next look at a counter and what is written then."""

    def between(act: Callable[[], object]) -> None:
        real = QuerySet.first

        def first(self: Any) -> Any:
            monkeypatch.setattr(QuerySet, "first", real)
            found = real(self)
            act()
            return found

        monkeypatch.setattr(QuerySet, "first", first)

    return between


def test_the_last_one_may_be_taken_by_another_after_the_look(db: None, between: Any):
    store = DatabaseStore()
    store.hit("a", 2, 60)
    between(lambda: store.hit("a", 2, 60))
    assert store.hit("a", 2, 60) > 0
    assert ThrottleCounter.objects.get().count == 2


def test_the_first_one_may_be_taken_by_another_after_the_look(db: None, between: Any):
    store = DatabaseStore()
    between(lambda: store.hit("a", 2, 60))
    assert store.hit("a", 2, 60) == 0
    assert ThrottleCounter.objects.get().count == 2


def test_a_period_may_be_begun_by_another_after_the_look(db: None, between: Any, later: Any):
    store = DatabaseStore()
    store.hit("a", 2, 60)
    later(61)
    between(lambda: store.hit("a", 2, 60))
    assert store.hit("a", 2, 60) == 0
    assert ThrottleCounter.objects.get().count == 2


def test_a_counter_may_be_deleted_after_the_look(db: None, between: Any):
    store = DatabaseStore()
    store.hit("a", 2, 60)
    between(ThrottleCounter.objects.all().delete)
    assert store.hit("a", 2, 60) == 0
    assert ThrottleCounter.objects.get().count == 1


def test_what_is_over_is_deleted_batch_by_batch_and_what_is_not_stays(db: None, later: Any):
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


def test_a_counter_that_begins_anew_while_others_are_deleted_stays(db: None, later: Any, monkeypatch: Any):
    store = DatabaseStore()
    store.hit("a", 1, 60)
    later(61)
    real = batches.atomic_with_retry

    def begin_first(delete: Any, model: Any) -> Any:
        store.hit("a", 1, 60)
        return real(delete, model)

    monkeypatch.setattr(batches, "atomic_with_retry", begin_first)
    list(stores.clear_expired())
    assert ThrottleCounter.objects.get().expires_at > stores._instant(stores.time()) + timedelta(seconds=30)


def test_a_counter_says_nothing_of_what_it_counts(db: None):
    DatabaseStore().hit("login:bob", 1, 60)
    assert "bob" not in str(ThrottleCounter.objects.get())
