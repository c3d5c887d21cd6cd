from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher

from django_simple_auth.exceptions import TooManyAttempts
from django_simple_auth.models import OneTimeToken
from django_simple_auth.throttling import attempts, logins, stores
from django_simple_auth.tokens import links
from tests.support.client import PASSWORD
from tests.support.throttling import only

API = "/api/auth"
HOME, OFFICE = "192.0.2.1", "192.0.2.2"
RATES = {"login": "1000/min", "login_account": "3/min", "login_identifier": "10/hour"}


@pytest.fixture(params=["cache", "database"], autouse=True)
def _limits(request: Any, settings: Any, count_in_database: None) -> None:
    settings.SIMPLE_AUTH = {"THROTTLE_STORE": request.param, "THROTTLE_RATES": RATES}


@pytest.fixture
def log_in(client: Any, user: Any) -> Callable[..., int]:
    """Try to log in as Bob; returns the status."""

    def log_in(network: str = HOME, password: str = PASSWORD, name: str = "bob") -> int:
        body = {"username": name, "password": password}
        status: int = client.post(f"{API}/login/", body, REMOTE_ADDR=network).status_code
        return status

    return log_in


@pytest.fixture
def attack(log_in: Callable[..., int]) -> Callable[..., list[int]]:
    """Guess a password once from each of so many networks; returns the statuses."""

    def attack(networks: int, name: str = "bob") -> list[int]:
        return [log_in(f"198.51.100.{number}", "wrong", name) for number in range(networks)]

    return attack


def later(monkeypatch: Any, seconds: int) -> None:
    now = time() + seconds
    monkeypatch.setattr(stores, "time", lambda: now)
    monkeypatch.setattr("django.core.cache.backends.locmem.time.time", lambda: now)


def test_failures_elsewhere_do_not_lock_the_user_out(log_in: Any):
    assert [log_in(OFFICE, "wrong") for _ in range(20)] == [400] * 3 + [429] * 17
    assert log_in(OFFICE) == 429
    assert log_in(HOME) == 200


def test_a_login_clears_only_its_own_pair(log_in: Any, settings: Any):
    settings.SIMPLE_AUTH["THROTTLE_RATES"] = {**RATES, "login": "9/min"}
    for _ in range(2):
        assert [log_in(password="wrong") for _ in range(2)] == [400, 400]
        assert log_in() == 200
    assert [log_in(OFFICE, "wrong") for _ in range(4)] == [400, 400, 400, 429]
    assert [log_in(password="wrong") for _ in range(2)] == [400, 400]
    assert log_in(password="wrong", name="eve") == 400
    assert log_in() == 429


def test_after_a_login_the_pair_is_still_limited(log_in: Any):
    log_in()
    assert [log_in(password="wrong") for _ in range(4)] == [400, 400, 400, 429]
    assert log_in() == 429


def test_a_login_with_a_lookalike_name_clears_nothing(log_in: Any):
    get_user_model().objects.create_user("b.ob", password=PASSWORD)
    statuses = []
    for _ in range(3):
        statuses += [log_in(password="wrong"), log_in(name="b.ob")]
    # Both names share a counter until the attacker's own name is known in this network; Bob's keeps counting.
    assert statuses == [400, 200, 400, 200, 429, 200]


def test_all_networks_together_share_a_limit_per_name(log_in: Any, attack: Any):
    assert attack(12) == [400] * 10 + [429] * 2
    assert log_in(OFFICE) == 429


def test_unknown_names_are_counted_like_known_ones(attack: Any):
    assert attack(12, "nobody") == [400] * 10 + [429] * 2


@pytest.mark.parametrize("name", ["bob", "BOB", "ｂｏｂ"])
def test_known_networks_are_exempt_from_the_name_limit(log_in: Any, attack: Any, settings: Any, name: str):
    settings.SIMPLE_AUTH["LOGIN_METHODS"] = ["username"]
    log_in()
    assert attack(12)[-1] == 429
    assert [log_in(name=name) for _ in range(5)] == [200] * 5


def test_a_network_is_known_for_30_days_after_a_login(log_in: Any, attack: Any, monkeypatch: Any):
    log_in()
    later(monkeypatch, logins.REMEMBERED - 60)
    assert log_in() == 200
    later(monkeypatch, 2 * logins.REMEMBERED - 120)
    attack(12)
    assert log_in() == 200
    later(monkeypatch, 3 * logins.REMEMBERED)
    attack(12)
    assert log_in() == 429


def test_every_lock_expires(log_in: Any, attack: Any, monkeypatch: Any):
    later(monkeypatch, 0)
    attack(12)
    later(monkeypatch, 3601)
    assert log_in() == 200


def test_a_password_reset_exempts_the_network(log_in: Any, attack: Any, client: Any, user: Any):
    attack(12)
    assert log_in(OFFICE) == 429
    secret = links.issue(OneTimeToken.Purpose.RESET, user.email, user)
    body = {"token": secret, "new_password": "canary-Battery-Staple-8"}
    assert client.post(f"{API}/password/reset/confirm/", body, REMOTE_ADDR=OFFICE).status_code == 204
    assert log_in(OFFICE, "canary-Battery-Staple-8") == 200
    assert log_in("192.0.2.3", "canary-Battery-Staple-8") == 429


def test_accents_do_not_give_more_attempts(log_in: Any):
    names = ["bób", "BÖB", "bo\u0302b", "b\u200bob"]
    assert [log_in(name=name, password="wrong") for name in names] == [400, 400, 400, 429]


def test_above_a_limit_nothing_is_hashed(log_in: Any, attack: Any, monkeypatch: Any):
    attack(10)
    hashed: list[str] = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, password, salt: hashed.append(password) or real(self, password, salt)
    )
    assert log_in() == 429
    assert hashed == []


@pytest.mark.parametrize("scope", [logins.PAIR, logins.NAME])
def test_each_limit_works_without_the_other(log_in: Any, settings: Any, scope: str):
    settings.SIMPLE_AUTH["THROTTLE_RATES"] = only(**{scope: "2/min"})
    assert [log_in(password="wrong") for _ in range(3)] == [400, 400, 429]


def test_without_limits_nothing_is_stored(log_in: Any, settings: Any, monkeypatch: Any):
    settings.SIMPLE_AUTH["THROTTLE_RATES"] = only(register="1/min")
    monkeypatch.setattr(attempts, "in_one_step", None)
    assert [log_in(password="wrong"), log_in()] == [400, 200]


def test_a_numeric_login_name_can_be_trusted(monkeypatch: Any, user: Any):
    monkeypatch.setattr(type(user), "get_username", lambda self: 7)
    logins.trust_network(user, HOME)
    for name in ["7", "bob", "bob@example.com"]:
        assert attempts.remembers(logins._KNOWN, *logins._pair(name, HOME))


def test_a_refusal_by_one_limit_is_not_counted_by_the_next(log_in: Any, attack: Any):
    for _ in range(20):
        log_in(OFFICE, "wrong")
    # Three of the ten attempts were counted above.
    assert attack(8) == [400] * 7 + [429]


def test_the_exception_has_the_seconds_to_wait(user: Any):
    for _ in range(3):
        logins.hit("bob", HOME)
    with pytest.raises(TooManyAttempts) as refused:
        logins.hit("bob", HOME)
    assert 0 < refused.value.retry_after <= 60
