from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import presence, sessions
from django_simple_auth.exceptions import InvalidCredentials, UnknownUser
from django_simple_auth.models import AuthToken, Presence


def test_a_user_is_present_until_they_log_out(user: Any):
    presence.start(user)
    assert list(presence.users()) == [user]
    assert str(user.auth_presence) == f"presence {user.pk}"
    presence.end_by_id(str(user.pk))
    assert list(presence.users()) == []


def test_a_second_login_keeps_the_first_time(user: Any):
    presence.start(user)
    since = Presence.objects.get().since
    presence.start(user)
    assert Presence.objects.get().since == since


def test_djangos_signals_are_sent(user: Any):
    received: list[str] = []

    def came(**kwargs: Any) -> None:
        received.append("in")

    def went(**kwargs: Any) -> None:
        received.append("out")

    user_logged_in.connect(came)
    user_logged_out.connect(went)
    try:
        presence.start(user)
        presence.end_by_id(str(user.pk))
    finally:
        user_logged_in.disconnect(came)
        user_logged_out.disconnect(went)
    assert received == ["in", "out"]


def test_logging_out_ends_nothing_else(user: Any):
    sessions.start(user)
    presence.start(user)
    presence.end_by_id(str(user.pk))
    user.refresh_from_db()
    assert user.is_active
    assert AuthToken.objects.count() == 1


def test_logging_out_costs_the_same_for_absent_users(user: Any):
    costs = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            presence.end_by_id(str(user.pk))
        costs.append(len(queries))
        presence.start(user)
    assert costs[0] == costs[1]


@pytest.mark.parametrize(
    "user_id",
    ["", "0", "-1", "nobody", "1.0", "1e3", "9" * 30, "9" * 5000, "\0", "None", "\ud800", str(UUID(int=1))],
)
def test_an_unknown_id_is_refused(user: Any, user_id: str):
    with pytest.raises(UnknownUser):
        presence.end_by_id(user_id)


@pytest.mark.parametrize("spelling", [" {}", "+{}", "0{}", "{}_", "{} "])
def test_an_id_must_be_written_exactly(user: Any, spelling: str):
    with pytest.raises(UnknownUser):
        presence.end_by_id(spelling.format(user.pk))


def test_digits_of_another_script_are_refused(user: Any):
    with pytest.raises(UnknownUser):
        presence.end_by_id("".join(chr(0x0660 + int(digit)) for digit in str(user.pk)))


def test_a_user_deleted_meanwhile_is_not_logged_in(transactional_db: None):
    user = get_user_model().objects.create_user("bob")
    get_user_model().objects.filter(pk=user.pk).delete()
    with pytest.raises(InvalidCredentials):
        presence.start(user)


def test_the_admin_shows_present_users(user: Any):
    from django.test import Client

    presence.start(user)
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root"))
    page = "/admin/django_simple_auth/presence/"
    assert "bob" in client.get(page).content.decode()
    assert client.get(f"{page}{user.pk}/change/").status_code == 200
    assert client.get(f"{page}add/").status_code == 403
    client.post(f"{page}{user.pk}/delete/", {"post": "yes"})
    assert not Presence.objects.exists()
