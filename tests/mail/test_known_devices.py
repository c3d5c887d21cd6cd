from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth.db import clock as system_clock
from django_simple_auth.identity import user_model
from django_simple_auth.mail import known_devices
from django_simple_auth.models import KnownDevice

User = get_user_model()
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


def test_the_first_device_of_all_is_no_news_and_every_other_one_is(user: Any):
    assert not known_devices.remember(user, FIREFOX)
    assert known_devices.remember(user, EDGE)
    assert known_devices.remember(user, "")
    assert not known_devices.remember(user, FIREFOX)
    assert not known_devices.remember(user, "")


def test_another_version_of_a_program_is_the_same_device(user: Any):
    known_devices.remember(user, FIREFOX)
    assert not known_devices.remember(user, FIREFOX.replace("140", "99"))
    known_devices.remember(user, EDGE)
    assert not known_devices.remember(user, EDGE.replace("140.0.0.0", "141.0.3537.57"))


def test_what_one_user_logs_in_from_is_no_device_of_another(user: Any):
    eve = User.objects.create_user("eve")
    known_devices.remember(user, FIREFOX)
    known_devices.remember(eve, EDGE)
    assert known_devices.remember(eve, FIREFOX)


def test_nothing_of_the_name_is_kept(user: Any):
    known_devices.remember(user, FIREFOX)
    assert "Firefox" not in str(KnownDevice.objects.values())


def test_a_device_that_was_there_today_costs_one_query(user: Any):
    known_devices.remember(user, FIREFOX)
    with CaptureQueriesContext(connection) as queries:
        known_devices.remember(user, FIREFOX)
    assert len(queries) == 1


def test_what_is_forgotten_is_news(user: Any):
    known_devices.remember(user, FIREFOX)
    known_devices.remember(user, EDGE)
    known_devices.forget(user, EDGE)
    assert not known_devices.remember(user, FIREFOX)
    assert known_devices.remember(user, EDGE)


def test_the_last_login_is_noted_once_a_day_and_the_long_gone_are_forgotten(user: Any):
    known_devices.remember(user, FIREFOX)
    known_devices.remember(user, EDGE)
    long_ago = system_clock.now() - known_devices.REMEMBERED
    KnownDevice.objects.update(seen_at=long_ago)
    known_devices.remember(user, FIREFOX)
    assert sum(known_devices.clear_expired()) == 1
    assert known_devices.remember(user, EDGE)
    assert not known_devices.remember(user, FIREFOX)


@pytest.fixture
def meanwhile(monkeypatch: Any) -> Any:
    """Something happens between the look at what is known and the turn to write."""

    def happens(what: Any) -> None:
        real = user_model.lock

        def be_late(user: Any) -> bool:
            monkeypatch.setattr(user_model, "lock", real)
            what()
            return real(user)

        monkeypatch.setattr(user_model, "lock", be_late)

    return happens


def test_of_two_logins_from_a_new_device_at_once_one_is_news(user: Any, meanwhile: Any):
    known_devices.remember(user, FIREFOX)
    meanwhile(lambda: known_devices.remember(user, EDGE))
    assert not known_devices.remember(user, EDGE)
    assert KnownDevice.objects.count() == 2


def test_of_the_first_two_devices_at_once_the_later_is_news(user: Any, meanwhile: Any):
    meanwhile(lambda: known_devices.remember(user, FIREFOX))
    assert known_devices.remember(user, EDGE)


def test_of_a_user_who_goes_meanwhile_nothing_is_kept(user: Any, meanwhile: Any):
    meanwhile(User.objects.all().delete)
    assert not known_devices.remember(user, FIREFOX)
    assert not KnownDevice.objects.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (FIREFOX, "Firefox, Linux"),
        (EDGE, "Edge, Windows"),
        (IPHONE, "Safari, iPhone"),
        ("my-app/2 (Android)", "Android"),
        ("Your account is locked, go to https://evil.example", ""),
        ("", ""),
    ],
)
def test_of_a_device_nothing_is_said_in_its_own_words(name: str, words: str):
    assert known_devices.describe(name) == words
