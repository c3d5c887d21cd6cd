from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.test import Client

from django_simple_auth import events, keys, presence, sessions
from django_simple_auth.admin import AuthTokenAdmin
from django_simple_auth.models import AuthToken
from tests.client import PASSWORD

ADMIN = "/admin/django_simple_auth"
LIST = f"{ADMIN}/authtoken/"


@pytest.fixture
def admin(db: None) -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", password=PASSWORD))
    return client


def test_tokens_are_listed_and_shown_without_a_secret(admin: Client, user: Any):
    issued = sessions.start(user)
    for page in [LIST, f"{LIST}?q=bob", f"{LIST}{issued.row.pk}/change/"]:
        response = admin.get(page)
        assert response.status_code == 200
        text = response.content.decode()
        assert "bob" in text
        assert str(issued.row.created_at.year) in text
        assert issued.secret not in text
        assert issued.row.digest.hex() not in text


def test_no_token_can_be_made_or_changed_there(admin: Client, user: Any):
    issued = sessions.start(user)
    assert admin.get(f"{LIST}add/").status_code == 403
    assert admin.post(f"{LIST}{issued.row.pk}/change/", {"purpose": "key"}).status_code == 403


def test_a_user_can_be_logged_out_everywhere_from_there(admin: Client, user: Any):
    issued, other = sessions.start(user), sessions.start(user)
    stranger = sessions.start(get_user_model().objects.create_user("eve"))
    admin.post(LIST, {"action": "end_everywhere", "_selected_action": [issued.row.pk, other.row.pk]})
    assert AuthToken.objects.get() == stranger.row


def test_a_token_can_be_ended_there(admin: Client, user: Any):
    issued = sessions.start(user)
    admin.post(f"{LIST}{issued.row.pk}/delete/", {"post": "yes"})
    assert not AuthToken.objects.exists()


@pytest.fixture
def told() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """What was told of ends, and as ``user_logged_out`` of whom."""
    heard: list[tuple[str, dict[str, Any]]] = []

    def hear(sender: Any, user: Any, request: Any, signal: Any, **facts: Any) -> None:
        name = getattr(sender, "name", "user_logged_out")
        assert request.user.is_staff
        heard.append((name, facts if name != "user_logged_out" else {"user": user.username}))

    signals = [events.session_ended, events.key_deleted, events.reset_asked, user_logged_out]
    for signal in signals:
        signal.connect(hear)
    yield heard
    for signal in signals:
        signal.disconnect(hear)


def ends_of(login: int, key: int) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("authn_token_revoked", {"session": login, "cause": "staff"}),
        ("user_logged_out", {"user": "bob"}),
        ("authn_key_deleted", {"key": key}),
    ]


def test_a_token_that_is_ended_there_is_told_like_any_other(admin: Client, user: Any, told: Any):
    login, key = sessions.start(user).row.pk, keys.create(user).row.pk
    for pk in [login, key]:
        admin.post(f"{LIST}{pk}/delete/", {"post": "yes"})
    assert not AuthToken.objects.exists()
    assert told == ends_of(login, key)


def test_so_are_several_at_once(admin: Client, user: Any, told: Any):
    login, key = sessions.start(user).row.pk, keys.create(user).row.pk
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [key, login], "post": "yes"})
    assert not AuthToken.objects.exists()
    assert sorted(map(str, told)) == sorted(map(str, ends_of(login, key)))


def test_what_has_ended_meanwhile_can_be_ended_there_all_the_same(admin: Client, user: Any, monkeypatch: Any):
    login = sessions.start(user).row

    def in_between(self: Any, request: Any, queryset: Any) -> None:
        sessions.end(login)

    monkeypatch.setattr(AuthTokenAdmin, "log_deletions", in_between)
    assert admin.post(f"{LIST}{login.pk}/delete/", {"post": "yes"}).status_code == 302


def test_the_end_of_a_presence_is_sent_as_a_logout(admin: Client, user: Any, told: Any):
    presence.enter(user)
    admin.post(f"{ADMIN}/presence/{user.pk}/delete/", {"post": "yes"})
    presence.enter(user)
    admin.post(f"{ADMIN}/presence/", {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})
    assert not presence.users().exists()
    assert told == [("user_logged_out", {"user": "bob"})] * 2
