"""Actions of the lists: send a reset link, log out everywhere, delete API keys."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.test import Client

from django_simple_auth import keys, sessions
from django_simple_auth.accounts import passwords
from django_simple_auth.models import AuthToken
from tests.admin.pages import LIST, NAMES, act, history, names_of
from tests.support.client import PASSWORD
from tests.support.messages import secret_in


def test_a_user_found_by_name_is_sent_a_link(admin: Client, user: Any, sent: Any, mailbox: Any):
    for typed in ["bob", "bob@example.com", "BOB@"]:
        page = admin.get(f"{NAMES}?q={typed}").content.decode()
        assert "bob@example.com" in page
        assert f'href="/admin/auth/user/{user.pk}/change/"' in page
    assert act(admin, NAMES, "send_reset", *names_of(user)) == ["Password reset e-mails sent: 1 (bob)"]
    assert [message.to for message in mailbox] == [["bob@example.com"]]
    assert sent == [("authn_password_reset_request", {})]
    passwords.reset(secret_in(mailbox[0]), "canary-Another-One-9")


def test_staff_see_who_gets_no_email_and_why(admin: Client, user: Any, mailbox: Any):
    users = [
        get_user_model().objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False),
        get_user_model().objects.create_user("ldap", "ldap@example.com"),
        get_user_model().objects.create_user("lone", password=PASSWORD),
        get_user_model().objects.create_user("sole", password=PASSWORD),
        user,
    ]
    rows = [names_of(user)[0] for user in users]
    assert act(admin, f"{NAMES}?kind__exact=username&o=3", "send_reset", *rows) == [
        "Password reset e-mails sent: 1 (bob)",
        "No e-mail sent to gone: This account is disabled.",
        "No e-mail sent to ldap: This account does not use a password.",
        "No e-mail sent to lone, sole: This account has no e-mail address.",
    ]
    assert [message.to for message in mailbox] == [["bob@example.com"]]


def test_staff_see_that_public_url_is_missing(admin: Client, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}}
    (text,) = act(admin, NAMES, "send_reset", *names_of(user))
    assert text == "No e-mail can be sent: SIMPLE_AUTH['PUBLIC_URL'] is not set."
    assert (mailbox, history()) == ([], [])


def test_without_an_email_field_no_reset_is_offered(admin: Client, user: Any, monkeypatch: Any):
    monkeypatch.setattr("django_simple_auth.identity.user_model.email_field", lambda: None)
    page = admin.get(NAMES).content.decode()
    assert '<option value="end_everywhere">' in page
    assert "send_reset" not in page


def test_a_user_is_logged_out_everywhere(admin: Client, user: Any):
    issued, other = sessions.start(user), sessions.start(user)
    eves = sessions.start(get_user_model().objects.create_user("eve"))
    admin.post(LIST, {"action": "end_everywhere", "_selected_action": [issued.row.pk, other.row.pk]})
    assert AuthToken.objects.get() == eves.row


@pytest.mark.parametrize("page", [LIST, NAMES])
def test_actions_send_signals_and_write_history(admin: Client, user: Any, sent: Any, mailbox: Any, page: str):
    rows = [sessions.start(user).row, sessions.start(user).row, keys.create(user).row, keys.create(user).row]
    other = sessions.start(get_user_model().objects.create_user("eve")).row
    if page == NAMES:
        rows = names_of(user)
    assert act(admin, page, "send_reset", *rows) == ["Password reset e-mails sent: 1 (bob)"]
    if page == LIST:
        rows = [row for row in rows if row.purpose == "key"]
    assert act(admin, page, "end_everywhere", *rows) == ["Logged out everywhere: bob"]
    assert act(admin, page, "end_keys", *rows) == ["API keys deleted: 2"]
    assert AuthToken.objects.get() == other
    assert sent == [
        ("authn_password_reset_request", {}),
        ("authn_token_revoked", {"count": 2, "cause": "staff"}),
        ("user_logged_out", {"user": "bob"}),
        ("authn_token_delete", {"count": 2}),
    ]
    assert history() == [
        ("root", "bob", "Sent a password reset link."),
        ("root", "bob", "Logged out everywhere."),
        ("root", "bob", "Deleted all API keys."),
    ]
    assert {entry.get_edited_object() for entry in LogEntry.objects.all()} == {user}


def test_deleting_no_keys_writes_no_history(admin: Client, user: Any):
    assert act(admin, NAMES, "end_keys", *names_of(user)) == ["API keys deleted: 0"]
    assert history() == []


def test_the_names_in_a_message_do_not_fill_the_page(admin: Client, db: None):
    users = [get_user_model().objects.create_user("x" * 90 + str(number)) for number in range(9)]
    (text,) = act(admin, NAMES, "end_everywhere", *(name for user in users for name in names_of(user)))
    assert len(text) < 250
