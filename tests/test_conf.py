from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_simple_auth.conf import KEYS, conf


def test_the_defaults(settings: Any):
    del settings.SIMPLE_AUTH
    assert conf.TOKEN_EXPIRED_AFTER_SECONDS == 1_209_600
    assert conf.TOKEN_IDLE_TIMEOUT_SECONDS is None
    assert conf.MAX_TOKENS_PER_USER is None
    assert conf.DELETE_ACCOUNT is None
    assert frozenset() == conf.ACKNOWLEDGED_RISKS
    assert conf.THROTTLE_RATES == {
        "register": (30, 60),
        "login": (60, 60),
        "login_account": (10, 60),
        "login_identifier": (100, 3600),
        "key": (10, 60),
        "logout_by_id": (30, 60),
        "rotate": (30, 60),
        "current_password": (10, 60),
        "password_change": (10, 60),
        "reset": (10, 60),
        "reset_confirm": (10, 60),
        "email_verify": (30, 60),
        "email_resend": (10, 60),
        "email_change": (10, 60),
        "mail": (10, 3600),
    }


def test_settings_are_read_on_each_access(settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 5
    assert conf.TOKEN_EXPIRED_AFTER_SECONDS == 5
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    assert conf.TOKEN_EXPIRED_AFTER_SECONDS is None


@pytest.mark.parametrize("value", [0, -1, "3600", 1.5, True])
def test_an_error_about_an_invalid_lifetime_names_the_fix(settings: Any, value: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = value
    with pytest.raises(ImproperlyConfigured, match="TOKEN_EXPIRED_AFTER_SECONDS must be a positive whole number"):
        _ = conf.TOKEN_EXPIRED_AFTER_SECONDS


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("TOKEN_IDLE_TIMEOUT_SECONDS", 60, "at least 120"),
        ("TOKEN_IDLE_TIMEOUT_SECONDS", "300", "positive whole number"),
        ("MAX_TOKENS_PER_USER", 0, "positive whole number"),
        ("MAX_TOKENS_PER_USER", True, "positive whole number"),
        ("NOTIFICATIONS", "password", "must be a list of 'password', 'email', 'key', 'login'"),
        ("NOTIFICATIONS", ["weather"], "must be a list of 'password', 'email', 'key', 'login'"),
        ("NOTIFICATIONS", [["password"]], "must be a list of 'password', 'email', 'key', 'login'"),
        ("KEEP_KEYS_ON_CHANGE", 1, "must be True or False"),
        ("LOGIN_METHODS", "email", "must be a list of 'username' and 'email'"),
        ("LOGIN_METHODS", [["email"]], "must be a list of 'username' and 'email'"),
        ("LOGIN_METHODS", ["phone"], "must be a list of 'username' and 'email'"),
        ("COOKIE_NAME", "a b", "must be letters"),
        ("COOKIE_NAME", None, "must be letters"),
        ("COOKIE_NAME", "__Host-sid", "have 'auth' or 'token' in it"),
        ("DELETE_ACCOUNT", "tests.nowhere.at_all", "cannot be imported"),
        ("DELETE_ACCOUNT", "no path", "cannot be imported"),
        ("DELETE_ACCOUNT", "tests.settings.SECRET_KEY", "must be the dotted path"),
        ("DELETE_ACCOUNT", 7, "must be the dotted path"),
        ("LOGIN_STEPS", "tests.settings.database", "must be a list of dotted paths"),
        ("LOGIN_STEPS", ["tests.settings.database", "no path"], r"\['LOGIN_STEPS'\]\[1\] cannot be imported"),
        (
            "LOGIN_STEPS",
            ["tests.settings.SECRET_KEY"],
            "a function that takes a LoginAttempt",
        ),
        ("LOGIN_STEPS", [7], "must be the dotted path"),
        ("ACKNOWLEDGED_RISKS", "token_in_query", "must be a list of"),
        ("ACKNOWLEDGED_RISKS", [["life"]], "must be a list of 'token_in_query'"),
        ("ACKNOWLEDGED_RISKS", ["life"], "must be a list of 'token_in_query'"),
        ("THROTTLE_RATES", "5/min", "must be a dict"),
        ("THROTTLE_RATES", {"login": "often"}, "must look like '10/min'"),
        ("THROTTLE_RATES", {"login": 5}, "must look like '10/min'"),
        ("THROTTLE_RATES", {"login": "0/min"}, "must look like '10/min'"),
        ("THROTTLE_STORE", "redis", "must be one of 'cache', 'database'"),
        ("PUBLIC_URL", "www.example.com", "must look like 'https://www.example.com'"),
        ("PUBLIC_URL", "https://www.example.com/?a=b", "must look like 'https://www.example.com'"),
        ("PUBLIC_URL", "https://[", "must look like 'https://www.example.com'"),
        ("PUBLIC_URL", 7, "must look like 'https://www.example.com'"),
        ("SITE_NAME", 7, "must be the name of your site"),
        ("EMAIL_VERIFICATION", "on", "must be one of 'off', 'optional', 'required'"),
        ("REGISTRATION", "ajar", "must be one of 'open', 'closed', 'invite', 'verify_first'"),
        ("FRONTEND_URLS", "/reset", "must be a dict"),
        ("FRONTEND_URLS", {"rest": "/{token}"}, "must be a dict with some of the keys 'reset'"),
        ("FRONTEND_URLS", {"reset": "/reset"}, "must look like '/reset-password#token={token}'"),
        ("FRONTEND_URLS", {"reset": "https://x/{token}"}, "must look like '/reset-password#token={token}'"),
    ],
)
def test_an_error_about_an_invalid_value_names_the_fix(settings: Any, key: str, value: Any, message: str):
    settings.SIMPLE_AUTH = {key: value}
    with pytest.raises(ImproperlyConfigured, match=message):
        getattr(conf, key)


def test_simple_auth_is_a_dict(settings: Any):
    settings.SIMPLE_AUTH = ["THROTTLE_RATES"]
    with pytest.raises(ImproperlyConfigured, match="must be a dict"):
        _ = conf.SIMPLE_AUTH


def test_throttle_rates_are_merged_over_the_defaults(settings: Any):
    settings.SIMPLE_AUTH = {}
    defaults = conf.THROTTLE_RATES
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"register": "3/day"}}
    assert {**defaults, "register": (3, 86400)} == conf.THROTTLE_RATES


def test_a_scope_set_to_none_has_no_limit(settings: Any):
    settings.SIMPLE_AUTH = {}
    defaults = conf.THROTTLE_RATES
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login": None}}
    assert defaults.keys() - conf.THROTTLE_RATES.keys() == {"login"}


def test_empty_throttle_rates_switch_all_limits_off(settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}}
    assert conf.THROTTLE_RATES == {}


@pytest.mark.parametrize(
    ("simple_auth", "name"),
    [
        ({}, ""),
        ({"PUBLIC_URL": "https://Www.Example.com:8000/app/"}, "www.example.com"),
        ({"PUBLIC_URL": "https://:8000"}, ""),
        ({"PUBLIC_URL": "www.example.com"}, ""),
        ({"PUBLIC_URL": "https://["}, ""),
        ({"PUBLIC_URL": "https://www.example.com", "SITE_NAME": "Example"}, "Example"),
        ({"PUBLIC_URL": "https://www.example.com", "SITE_NAME": ""}, ""),
    ],
)
def test_the_site_name_is_by_default_the_host_of_the_public_url(settings: Any, simple_auth: Any, name: str):
    settings.SIMPLE_AUTH = simple_auth
    assert name == conf.SITE_NAME


def test_the_keys_are_the_properties():
    assert {"TOKEN_IDLE_TIMEOUT_SECONDS", "THROTTLE_RATES", "LOGIN_METHODS"} <= KEYS
    assert "TOKEN_EXPIRED_AFTER_SECONDS" not in KEYS
