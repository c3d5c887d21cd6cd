from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.cache import cache

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


def test_a_cache_that_prolongs_what_is_counted_does_not_prolong_the_period(
    settings: Any, tmp_path: Any, monkeypatch: Any
):
    from time import time

    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": str(tmp_path)}
    }
    for now in [time(), time() + 61]:
        monkeypatch.setattr(limits, "time", lambda now=now: now)
        limits.take("login", "a")
        limits.take("login", "a")
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

    monkeypatch.setattr(cache, "add", lambda *args: False)
    monkeypatch.setattr(cache, "incr", vanish)
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
