from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.core.management import call_command

from django_simple_auth import limits
from django_simple_auth.refusals import LimitExceeded
from tests.services import require_redis


@pytest.fixture(autouse=True)
def _rate(settings: Any) -> None:
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login": "2/min"}}
    limits._spare.clear()


def test_the_attempt_above_the_rate_is_refused_with_the_seconds_to_wait():
    limits.take("login", "a")
    limits.take("login", "a")
    with pytest.raises(LimitExceeded) as refused:
        limits.take("login", "a")
    assert 1 <= refused.value.retry_after <= 60


def test_whoever_else_is_counted_apart():
    for who in [("a",), ("b",), ("a", "b"), ("a:b",)] * 2:
        limits.take("login", *who)


def test_a_scope_without_a_rate_has_no_limit():
    for _ in range(100):
        limits.take("register", "a")


def test_after_the_period_counting_begins_anew(monkeypatch: Any):
    from time import time

    for _ in range(2):
        limits.take("login", "a")
    monkeypatch.setattr("django.core.cache.backends.locmem.time.time", lambda: time() + 61)
    limits.take("login", "a")


@pytest.mark.parametrize("backend", ["filebased.FileBasedCache", "db.DatabaseCache"])
def test_a_cache_that_gives_what_it_counts_a_new_life_keeps_the_period(
    settings: Any, tmp_path: Any, monkeypatch: Any, backend: str, db: None
):
    from time import time

    location = str(tmp_path) if "file" in backend else "cache_table"
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": location}}
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login": "2/day"}}
    call_command("createcachetable", verbosity=0)
    touched: list[float] = []
    real = type(caches["default"]).touch

    def touch(self: Any, key: str, timeout: float, **kwargs: Any) -> Any:
        touched.append(timeout)
        return real(self, key, timeout, **kwargs)

    monkeypatch.setattr(type(caches["default"]), "touch", touch)
    limits.take("login", "a")
    monkeypatch.setattr(limits, "time", lambda: time() + 3600)
    limits.take("login", "a")
    assert touched == [pytest.approx(23 * 3600, abs=5)]
    with pytest.raises(LimitExceeded):
        limits.take("login", "a")


def test_redis_counts_for_all_processes(settings: Any):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": require_redis()}
    }
    cache.clear()
    limits.take("login", "a")
    limits._spare.clear()
    limits.take("login", "a")
    with pytest.raises(LimitExceeded):
        limits.take("login", "a")


def test_a_period_that_ends_between_two_steps_counts_from_one(monkeypatch: Any):
    def vanish(key: str) -> int:
        raise ValueError("the key expired")

    store = caches["default"]
    monkeypatch.setattr(store, "add", lambda *args: False)
    monkeypatch.setattr(store, "incr", vanish)
    limits.take("login", "a")


def test_an_outage_of_the_cache_opens_no_door(settings: Any, caplog: Any):
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    }
    with caplog.at_level(logging.WARNING, "django_simple_auth"):
        limits.take("login", "a")
        limits.take("login", "a")
        with pytest.raises(LimitExceeded):
            limits.take("login", "a")
    assert "The cache is down" in caplog.text
