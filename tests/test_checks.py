from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db.models import Manager

from django_simple_auth import users


def ids() -> list[str]:
    return [message.id for message in run_checks(tags=["simple_auth"])]


def test_the_defaults_pass(settings: Any):
    del settings.SIMPLE_AUTH
    assert ids() == []


@pytest.mark.parametrize(
    "simple_auth",
    [{"TOKEN_IDLE_SECONDS": 1}, {"TOKENS_PER_USER": -1}, {"THROTTLE_RATES": {"login": "x"}}, "THROTTLE_RATES"],
)
def test_e001_a_value_that_cannot_be_meant(settings: Any, simple_auth: Any):
    settings.SIMPLE_AUTH = simple_auth
    assert ids() == ["django_simple_auth.E001"]


def test_e001_a_lifetime_that_is_not_positive(settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 0
    assert ids() == ["django_simple_auth.E001"]


def test_e002_an_unknown_key_with_the_known_ones_as_a_hint(settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATE": {}}
    (message,) = run_checks(tags=["simple_auth"])
    assert message.id == "django_simple_auth.E002"
    assert "'THROTTLE_RATE'" in message.msg
    assert "THROTTLE_RATES" in message.hint


def test_e003_a_user_model_whose_manager_makes_no_users(monkeypatch: Any):
    monkeypatch.setattr(users, "manager", Manager)
    assert ids() == ["django_simple_auth.E003"]
