"""Which permissions the lists, their actions and deletions need."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin

from django_simple_auth import keys, presence, sessions
from django_simple_auth.models import AuthToken, Identifier, OneTimeToken
from django_simple_auth.tokens import links
from tests.admin.pages import ADMIN, LIST, NAMES, act, history, names_of
from tests.support.client import PASSWORD

MAY_LOOK = ["django_simple_auth.view_authtoken", "django_simple_auth.view_identifier", "auth.view_user"]


def test_a_list_needs_the_permission_to_view_it(staff: Any):
    client = staff("auth.change_user")
    for model in ["authtoken", "identifier", "onetimetoken", "presence"]:
        assert client.get(f"{ADMIN}/{model}/").status_code == 403


@pytest.mark.parametrize(
    ("action", "permission"),
    [
        ("send_reset", "auth.change_user"),
        ("end_everywhere", "django_simple_auth.delete_authtoken"),
        ("end_keys", "django_simple_auth.delete_authtoken"),
    ],
)
def test_an_action_needs_its_permission(staff: Any, user: Any, mailbox: Any, action: str, permission: str):
    sessions.start(user), keys.create(user)
    mailbox.clear()
    others = {"auth.change_user", "django_simple_auth.delete_authtoken", "django_simple_auth.delete_onetimetoken"}
    client = staff(*MAY_LOOK, *(others - {permission}))
    for page, row in [(LIST, AuthToken.objects.first()), (NAMES, Identifier.objects.first())]:
        assert f'value="{action}"' not in client.get(page).content.decode()
        client.post(page, {"action": action, "_selected_action": [row.pk]})
    assert (AuthToken.objects.count(), mailbox, history()) == (2, [], [])
    client.logout()
    get_user_model().objects.get(username="ann").delete()
    client = staff(*MAY_LOOK, permission)
    act(client, NAMES, action, names_of(user)[0])
    assert (AuthToken.objects.count(), len(mailbox)) != (2, 0)


def test_protected_users_are_protected_in_every_list(staff: Any, user: Any, mailbox: Any, monkeypatch: Any):
    def but_superusers(self: Any, request: Any, obj: Any = None) -> bool:
        return obj is None or not obj.is_superuser

    monkeypatch.setattr(UserAdmin, "has_change_permission", but_superusers)
    root = get_user_model().objects.create_superuser("root", "root@example.com", PASSWORD)
    client = staff(*MAY_LOOK)
    chosen = {"action": "send_reset", "_selected_action": [names_of(user)[0].pk, names_of(root)[0].pk]}
    assert client.post(NAMES, chosen).status_code == 403
    assert mailbox == []
    assert act(client, NAMES, "send_reset", names_of(user)[0]) == ["Password reset e-mails sent: 1 (bob)"]


def test_deleting_a_user_needs_no_other_permission(staff: Any, user: Any):
    sessions.start(user), presence.start(user)
    links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)
    client = staff("auth.view_user", "auth.delete_user")
    assert client.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not get_user_model().objects.filter(pk=user.pk).exists()


def test_deleting_an_invitation_needs_its_own_permission(staff: Any):
    links.issue(OneTimeToken.Purpose.INVITE, "ann@example.com")
    client = staff("django_simple_auth.view_onetimetoken", "auth.delete_user")
    page = f"{ADMIN}/onetimetoken/{OneTimeToken.objects.get().pk}/"
    assert client.get(f"{page}change/").status_code == 200
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403
