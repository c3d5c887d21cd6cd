from __future__ import annotations

from typing import Any

import django
import pytest
import rest_framework
from django.conf import global_settings
from django.core.checks import run_checks
from django.db.models import Manager

from django_simple_auth.identity import user_model
from tests.support.checks import DEPLOY, ids


@pytest.fixture(autouse=True)
def _strong_hasher(settings: Any) -> None:
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS


def test_the_defaults_pass(settings: Any):
    del settings.SIMPLE_AUTH
    assert ids() == []


@pytest.mark.parametrize(
    "simple_auth",
    [
        {"TOKEN_IDLE_TIMEOUT_SECONDS": 1},
        {"MAX_TOKENS_PER_USER": -1},
        {"THROTTLE_RATES": {"login": "x"}},
        {"LOGIN_STEPS": ["shop.nowhere.staff_only"]},
        "THROTTLE_RATES",
    ],
)
def test_e001_an_invalid_value(settings: Any, simple_auth: Any):
    settings.SIMPLE_AUTH = simple_auth
    assert ids() == ["django_simple_auth.E001"]


def test_e001_a_lifetime_must_be_positive(settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 0
    (message,) = run_checks(tags=["simple_auth"])
    assert message.id == "django_simple_auth.E001"
    assert message.hint == "Correct the value, or remove the setting to use its default."


def test_e002_an_unknown_key_with_the_known_ones_as_hint(settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATE": {}}
    (message,) = run_checks(tags=["simple_auth"])
    assert message.id == "django_simple_auth.E002"
    assert "'THROTTLE_RATE'" in message.msg
    assert "THROTTLE_RATES" in message.hint


def test_e002_a_lifetime_inside_simple_auth_is_to_be_moved(settings: Any):
    settings.SIMPLE_AUTH = {"TOKEN_EXPIRED_AFTER_SECONDS": 3600}
    (message,) = run_checks(tags=["simple_auth"])
    assert message.id == "django_simple_auth.E002"
    assert message.hint == "TOKEN_EXPIRED_AFTER_SECONDS is a top-level setting: move it out of SIMPLE_AUTH."


def test_a_project_without_urls_is_checked_too(settings: Any):
    del settings.ROOT_URLCONF
    assert ids() == []


def test_e004_a_rate_for_an_unknown_scope(settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login": "1/min", "logn": "1/min"}}
    (message,) = run_checks(tags=["simple_auth"])
    assert message.id == "django_simple_auth.E004"
    assert "'logn'" in message.msg
    assert "login_account" in message.hint


@pytest.mark.parametrize(
    ("backend", "rates", "warned"),
    [
        ("locmem.LocMemCache", {"login": "1/min"}, True),
        ("filebased.FileBasedCache", {"login": "1/min"}, True),
        ("db.DatabaseCache", {"login": "1/min"}, True),
        ("dummy.DummyCache", {"login": "1/min"}, True),
        ("redis.RedisCache", {"login": "1/min"}, False),
        ("locmem.LocMemCache", {}, False),
        ("locmem.LocMemCache", {"login": "often"}, False),
    ],
)
def test_w004_a_cache_that_is_not_shared_or_not_atomic(
    settings: Any, tmp_path: Any, backend: str, rates: Any, warned: bool
):
    location = str(tmp_path) if backend.startswith("filebased") else "redis://127.0.0.1"
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": location}}
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": rates}
    assert ("django_simple_auth.W004" in [message.id for message in run_checks(**DEPLOY)]) is warned
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": rates, "THROTTLE_STORE": "database"}
    assert "django_simple_auth.W004" not in [message.id for message in run_checks(**DEPLOY)]


@pytest.mark.parametrize(
    ("backend", "said"),
    [("locmem.LocMemCache", "not shared between processes"), ("db.DatabaseCache", "in the database")],
)
def test_w004_says_where_attempts_are_counted(settings: Any, backend: str, said: str):
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "unused"}}
    settings.SIMPLE_AUTH = {}
    (message,) = [message for message in run_checks(**DEPLOY) if message.id == "django_simple_auth.W004"]
    assert said in message.msg
    assert "'THROTTLE_STORE'" in message.hint


def test_an_invalid_throttle_store_is_an_error_and_no_crash(settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_STORE": "redis"}
    assert "django_simple_auth.E001" in [message.id for message in run_checks(**DEPLOY)]


def test_each_risk_of_a_contract_is_reported_with_its_path():
    found = {(message.id.rpartition(".")[2], message.msg.partition(" takes")[0]) for message in run_checks(**DEPLOY)}
    assert {number for number, _msg in found} == {"W001", "W002", "W003", "W005"}
    found = {(number, msg) for number, msg in found if number != "W005"}
    assert ("W001", "GET /contracts/keys/user/logout") in found
    assert not any("message" in msg or "/api/auth/" in msg for _id, msg in found)


def test_an_acknowledged_risk_is_not_reported(settings: Any):
    settings.SIMPLE_AUTH = {
        "ACKNOWLEDGED_RISKS": ["token_in_query", "unsafe_get"],
        "THROTTLE_RATES": {},
        "PUBLIC_URL": "https://www.example.com",
    }
    (message,) = run_checks(**DEPLOY)
    assert message.id == "django_simple_auth.W003"
    assert "/contracts/presence/user/logout/<str:user_id>/ logs out the user" in message.msg
    assert "'unauthenticated_logout'" in message.hint


def test_invalid_risks_are_an_error_and_no_crash(settings: Any):
    settings.SIMPLE_AUTH = {"ACKNOWLEDGED_RISKS": ["life"], "THROTTLE_RATES": {}, "PUBLIC_URL": "https://x.example"}
    assert [message.id for message in run_checks(**DEPLOY)] == ["django_simple_auth.E001"]


@pytest.mark.parametrize(("url", "expected"), [(None, ["django_simple_auth.E005"]), ("https://www.example.com", [])])
def test_e005_verification_needs_a_public_url(settings: Any, url: Any, expected: list[str]):
    settings.SIMPLE_AUTH = {"EMAIL_VERIFICATION": "optional", "PUBLIC_URL": url}
    assert ids() == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("open", []),
        ("closed", []),
        ("invite", ["django_simple_auth.E005"]),
        ("verify_first", ["django_simple_auth.E005"]),
    ],
)
def test_e005_registration_by_link_needs_a_public_url(settings: Any, policy: str, expected: list[str]):
    settings.SIMPLE_AUTH = {"REGISTRATION": policy}
    assert ids() == expected
    settings.SIMPLE_AUTH = {"REGISTRATION": policy, "PUBLIC_URL": "https://www.example.com"}
    assert ids() == []


def test_e005_names_the_setting_that_the_project_has_set(settings: Any):
    settings.SIMPLE_AUTH = {"REGISTRATION": "verify_first"}
    (message,) = run_checks(tags=["simple_auth"])
    assert message.msg.startswith("SIMPLE_AUTH['REGISTRATION'] is 'verify_first'")


def test_e001_reports_an_invalid_public_url_once(settings: Any):
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "www.example.com"}
    assert ids() == ["django_simple_auth.E001"]


def test_e001_reports_an_invalid_policy_once(settings: Any):
    settings.SIMPLE_AUTH = {"REGISTRATION": "ajar"}
    assert ids() == ["django_simple_auth.E001"]


def test_e005_does_not_repeat_what_e001_reports(settings: Any):
    settings.SIMPLE_AUTH = {"EMAIL_VERIFICATION": "sometimes"}
    assert ids() == ["django_simple_auth.E001"]


def test_w005_endpoints_that_send_links_need_a_public_url(settings: Any):
    (message,) = [message for message in run_checks(**DEPLOY) if message.id == "django_simple_auth.W005"]
    assert "/api/auth/password/reset/" in message.msg
    assert "'https://www.example.com'" in message.hint


def test_w005_passes_with_a_public_url(settings: Any):
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "https://www.example.com"}
    assert "django_simple_auth.W005" not in [message.id for message in run_checks(**DEPLOY)]


def test_w005_passes_if_no_endpoint_sends_links(settings: Any):
    settings.ROOT_URLCONF = "django_simple_auth.contracts.message"
    assert "django_simple_auth.W005" not in [message.id for message in run_checks(**DEPLOY)]


def test_an_invalid_public_url_is_an_error_and_no_crash(settings: Any):
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "www.example.com", "THROTTLE_RATES": {}}
    found = [message.id for message in run_checks(**DEPLOY)]
    assert "django_simple_auth.E001" in found
    assert "django_simple_auth.W005" not in found


def test_e003_a_manager_without_create_user(monkeypatch: Any):
    monkeypatch.setattr(user_model, "manager", Manager)
    assert ids() == ["django_simple_auth.E003"]


@pytest.mark.parametrize(
    ("installed", "text"),
    [
        ((5, 1, 9), "Django 5.1.9 is installed, but fixes from 5.2.14 are required."),
        ((5, 2, 13), "Django 5.2.13 is installed, but fixes from 5.2.14 are required."),
        ((5, 2, 14), None),
        ((6, 0, 4), "Django 6.0.4 is installed, but fixes from 6.0.5 are required."),
        ((6, 0, 5), None),
        ((6, 1, 0), None),
    ],
)
def test_e010_a_django_without_required_fixes(monkeypatch: Any, installed: Any, text: str | None):
    monkeypatch.setattr(django, "VERSION", (*installed, "final", 0))
    found = run_checks(tags=["simple_auth"])
    assert [(message.id, message.msg) for message in found] == ([("django_simple_auth.E010", text)] if text else [])


@pytest.mark.parametrize(("installed", "is_old"), [("3.18.1", True), ("3.9", True), ("3.18.2", False), ("4.0", False)])
def test_e010_a_rest_framework_without_required_fixes(monkeypatch: Any, installed: str, is_old: bool):
    monkeypatch.setattr(rest_framework, "__version__", installed)
    found = run_checks(tags=["simple_auth"])
    assert [message.id for message in found] == (["django_simple_auth.E010"] if is_old else [])
    assert all(message.hint == "pip install --upgrade djangorestframework" for message in found)


def test_a_well_configured_project_passes_check_deploy(settings: Any):
    settings.ROOT_URLCONF = "django_simple_auth.urls"
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1"}
    }
    settings.SIMPLE_AUTH = {"PUBLIC_URL": "https://www.example.com"}
    assert ids(deploy=True) == []
