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

from django_simple_auth import batches, counters
from django_simple_auth.counters import Counters, InCache, InDatabase
from django_simple_auth.models import Counter


@pytest.fixture(params=["cache", "database"])
def store(request: Any, db: None) -> Counters:
    return InDatabase() if request.param == "database" else InCache(cache)


@pytest.fixture
def later(monkeypatch: Any) -> Callable[[int], None]:
    def later(seconds: int) -> None:
        now = time() + seconds
        monkeypatch.setattr(counters, "time", lambda: now)
        monkeypatch.setattr("django.core.cache.backends.locmem.time.time", lambda: now)

    return later


def test_so_many_are_counted_and_the_next_is_told_how_long_to_wait(store: Counters, later: Any):
    later(0)
    assert [store.take("a", 2, 60) for _ in range(4)] == [0, 0, 60, 60]
    later(59)
    assert store.take("a", 2, 60) == 1


def test_each_key_is_counted_apart(store: Counters):
    assert [store.take(key, 1, 60) for key in ["a", "b", "a"]] == [0, 0, 60]


def test_after_the_period_counting_begins_anew(store: Counters, later: Any):
    later(0)
    assert [store.take("a", 2, 60) for _ in range(3)] == [0, 0, 60]
    later(61)
    assert [store.take("a", 2, 60) for _ in range(3)] == [0, 0, 60]


def test_to_clear_is_to_begin_anew_with_this_key(store: Counters):
    for key in ["a", "b"]:
        store.take(key, 1, 60)
    store.clear("a")
    store.clear("nothing")
    assert [store.take(key, 1, 60) for key in ["a", "b", "a"]] == [0, 60, 60]


def test_what_is_remembered_is_remembered_for_so_long(store: Counters, later: Any):
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
    assert counters.can_count(backend.__new__(backend)) is can


# In a cache


def test_a_counter_that_ended_before_it_was_counted_up_begins_anew(monkeypatch: Any):
    real, ended = cache.incr, iter([True])

    def end(key: str) -> int:
        if next(ended, False):
            cache.delete(key)
        found: int = real(key)
        return found

    store = InCache(cache)
    store.take("a", 2, 60)
    monkeypatch.setattr(cache, "incr", end)
    assert [store.take("a", 2, 60) for _ in range(3)] == [0, 0, 60]


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
    store = InCache(cache)
    assert [store.take("a", 2, 60) for _ in range(3)] == [0, 0, 60]
    later(61)
    assert store.take("a", 2, 60) == 0


def test_no_counter_locks_for_ever(later: Any):
    later(0)
    store = InCache(cache)
    cache.set("a", 7, timeout=None)
    assert store.take("a", 2, 60) == 60
    later(30)
    assert store.take("a", 2, 60) == 30
    later(61)
    assert store.take("a", 2, 60) == 0


def test_a_cache_that_keeps_nothing_and_does_not_say_so_counts_nothing(monkeypatch: Any):
    monkeypatch.setattr(cache, "add", lambda *args: False)
    with pytest.raises(RuntimeError, match="neither keeps a counter"):
        InCache(cache).take("a", 2, 60)


# In the database


def test_above_the_limit_nothing_is_written(db: None):
    store = InDatabase()
    store.take("a", 1, 60)
    with CaptureQueriesContext(connection) as queries:
        assert store.take("a", 1, 60)
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
    store = InDatabase()
    store.take("a", 2, 60)
    between(lambda: store.take("a", 2, 60))
    assert store.take("a", 2, 60) > 0
    assert Counter.objects.get().count == 2


def test_the_first_one_may_be_taken_by_another_after_the_look(db: None, between: Any):
    store = InDatabase()
    between(lambda: store.take("a", 2, 60))
    assert store.take("a", 2, 60) == 0
    assert Counter.objects.get().count == 2


def test_a_period_may_be_begun_by_another_after_the_look(db: None, between: Any, later: Any):
    store = InDatabase()
    store.take("a", 2, 60)
    later(61)
    between(lambda: store.take("a", 2, 60))
    assert store.take("a", 2, 60) == 0
    assert Counter.objects.get().count == 2


def test_a_counter_may_be_deleted_after_the_look(db: None, between: Any):
    store = InDatabase()
    store.take("a", 2, 60)
    between(Counter.objects.all().delete)
    assert store.take("a", 2, 60) == 0
    assert Counter.objects.get().count == 1


def test_what_is_over_is_deleted_batch_by_batch_and_what_is_not_stays(db: None, later: Any):
    store = InDatabase()
    for number in range(5):
        store.take(str(number), 1, 60)
    store.remember("known", 3600)
    assert list(counters.clear_expired()) == []
    later(61)
    store.take("0", 1, 60)
    assert list(counters.clear_expired(3)) == [3, 1]
    assert Counter.objects.count() == 2
    assert store.take("0", 1, 60) > 0
    assert store.remembers("known")


def test_a_counter_that_begins_anew_while_others_are_deleted_stays(db: None, later: Any, monkeypatch: Any):
    store = InDatabase()
    store.take("a", 1, 60)
    later(61)
    real = batches.transact

    def begin_first(delete: Any, model: Any) -> Any:
        store.take("a", 1, 60)
        return real(delete, model)

    monkeypatch.setattr(batches, "transact", begin_first)
    list(counters.clear_expired())
    assert Counter.objects.get().until > counters._instant(counters.time()) + timedelta(seconds=30)


def test_a_counter_says_nothing_of_what_it_counts(db: None):
    InDatabase().take("login:bob", 1, 60)
    assert "bob" not in str(Counter.objects.get())
