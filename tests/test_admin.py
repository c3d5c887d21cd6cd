from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from django_simple_auth import sessions
from django_simple_auth.models import AuthToken
from tests.client import PASSWORD

LIST = "/admin/django_simple_auth/authtoken/"


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
