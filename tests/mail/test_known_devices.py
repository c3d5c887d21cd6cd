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


def test_every_device_but_the_first_is_new(user: Any):
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


def test_devices_are_known_per_user(user: Any):
    eve = User.objects.create_user("eve")
    known_devices.remember(user, FIREFOX)
    known_devices.remember(eve, EDGE)
    assert known_devices.remember(eve, FIREFOX)


def test_the_device_name_is_not_stored(user: Any):
    known_devices.remember(user, FIREFOX)
    assert "Firefox" not in str(KnownDevice.objects.values())


def test_a_device_seen_today_costs_one_query(user: Any):
    known_devices.remember(user, FIREFOX)
    with CaptureQueriesContext(connection) as queries:
        known_devices.remember(user, FIREFOX)
    assert len(queries) == 1


def test_a_forgotten_device_is_new(user: Any):
    known_devices.remember(user, FIREFOX)
    known_devices.remember(user, EDGE)
    known_devices.forget(user, EDGE)
    assert not known_devices.remember(user, FIREFOX)
    assert known_devices.remember(user, EDGE)


def test_old_devices_are_forgotten_and_used_ones_kept(user: Any):
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
    """Do something between the query for known devices and the lock."""

    def happens(what: Any) -> None:
        real = user_model.lock

        def race(user: Any) -> bool:
            monkeypatch.setattr(user_model, "lock", real)
            what()
            return real(user)

        monkeypatch.setattr(user_model, "lock", race)

    return happens


def test_of_two_simultaneous_logins_one_is_new(user: Any, meanwhile: Any):
    known_devices.remember(user, FIREFOX)
    meanwhile(lambda: known_devices.remember(user, EDGE))
    assert not known_devices.remember(user, EDGE)
    assert KnownDevice.objects.count() == 2


def test_of_two_simultaneous_first_devices_one_is_new(user: Any, meanwhile: Any):
    meanwhile(lambda: known_devices.remember(user, FIREFOX))
    assert known_devices.remember(user, EDGE)


def test_a_user_deleted_meanwhile_has_no_device(user: Any, meanwhile: Any):
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
def test_a_description_never_quotes_the_device_name(name: str, words: str):
    assert known_devices.describe(name) == words
