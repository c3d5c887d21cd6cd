"""The lists of our tables: what they show, find and delete."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_simple_auth import keys, presence, sessions
from django_simple_auth.accounts import emails, passwords
from django_simple_auth.admin import AuthTokenAdmin
from django_simple_auth.exceptions import LinkInvalid
from django_simple_auth.models import AuthToken, OneTimeToken
from django_simple_auth.tokens import links
from tests.admin.pages import ADMIN, LIST, NAMES, act, assert_no_secret, end_signals, names_of
from tests.support.client import PASSWORD
from tests.support.messages import secret_in

# Tokens


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


def test_tokens_cannot_be_added_or_changed(admin: Client, user: Any):
    issued = sessions.start(user)
    assert admin.get(f"{LIST}add/").status_code == 403
    assert admin.post(f"{LIST}{issued.row.pk}/change/", {"purpose": "key"}).status_code == 403


def test_a_token_can_be_deleted(admin: Client, user: Any):
    issued = sessions.start(user)
    admin.post(f"{LIST}{issued.row.pk}/delete/", {"post": "yes"})
    assert not AuthToken.objects.exists()


def test_ending_a_token_in_the_admin_sends_signals(admin: Client, user: Any, sent: Any):
    login, key = sessions.start(user).row.pk, keys.create(user).row.pk
    for pk in [login, key]:
        admin.post(f"{LIST}{pk}/delete/", {"post": "yes"})
    assert not AuthToken.objects.exists()
    assert sent == end_signals(login, key)


def test_ending_several_tokens_in_the_admin_sends_signals(admin: Client, user: Any, sent: Any):
    login, key = sessions.start(user).row.pk, keys.create(user).row.pk
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [key, login], "post": "yes"})
    assert not AuthToken.objects.exists()
    assert sorted(map(str, sent)) == sorted(map(str, end_signals(login, key)))


def test_ending_an_ended_token_in_the_admin_is_no_error(admin: Client, user: Any, monkeypatch: Any):
    login = sessions.start(user).row

    def in_between(self: Any, request: Any, queryset: Any) -> None:
        sessions.end(login)

    monkeypatch.setattr(AuthTokenAdmin, "log_deletions", in_between)
    assert admin.post(f"{LIST}{login.pk}/delete/", {"post": "yes"}).status_code == 302


def test_the_end_of_a_presence_is_sent_as_a_logout(admin: Client, user: Any, sent: Any):
    presence.start(user)
    admin.post(f"{ADMIN}/presence/{user.pk}/delete/", {"post": "yes"})
    presence.start(user)
    admin.post(f"{ADMIN}/presence/", {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})
    assert not presence.users().exists()
    assert sent == [("user_logged_out", {"user": "bob"})] * 2


# Identifiers


def test_emails_can_be_filtered_by_verification(admin: Client, user: Any):
    verified = f"{NAMES}?verified_at__isempty=0"
    assert "bob@example.com" not in admin.get(verified).content.decode()
    assert "bob@example.com" in admin.get(f"{NAMES}?verified_at__isempty=1").content.decode()
    emails.mark_verified(user)
    assert "bob@example.com" in admin.get(verified).content.decode()


def test_an_outdated_name_is_not_shown(admin: Client, user: Any):
    get_user_model().objects.update(email="new@example.com")
    page = admin.get(NAMES).content.decode()
    assert "@example.com" not in page


def test_identifiers_are_read_only(admin: Client, user: Any):
    name = names_of(user)[0]
    for page in ["add/", f"{name.pk}/change/", f"{name.pk}/delete/", f"{name.pk}/history/"]:
        assert admin.get(f"{NAMES}{page}").status_code == 404
    admin.post(NAMES, {"action": "delete_selected", "_selected_action": [name.pk], "post": "yes"})
    assert name in names_of(user)


# One-time tokens


def test_one_time_tokens_are_shown_and_revoked(admin: Client, user: Any, mailbox: Any):
    secret = links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)
    invitation = links.issue(OneTimeToken.Purpose.INVITE, "ann@example.com")
    page = f"{ADMIN}/onetimetoken/"
    row, invited = OneTimeToken.objects.order_by("pk")
    for address, shown in [
        (page, "bob@example.com"),
        (page, "ann@example.com"),
        (f"{page}?q=ann", "ann@example.com"),
        (f"{page}{row.pk}/change/", "bob@example.com"),
        (f"{page}{invited.pk}/change/", "ann@example.com"),
        (f"{page}{row.pk}/delete/", "password reset"),
    ]:
        text = admin.get(address).content.decode()
        assert shown in text
        assert_no_secret(text, secret, invitation)
    assert admin.get(f"{page}add/").status_code == 403
    assert admin.post(f"{page}{row.pk}/change/", {"email": "eve@example.com"}).status_code == 403
    for each in [row, invited]:
        admin.post(f"{page}{each.pk}/delete/", {"post": "yes"})
    with pytest.raises(LinkInvalid):
        passwords.reset(secret, "canary-Another-One-9")
    assert not OneTimeToken.objects.exists()


# All lists


@pytest.mark.parametrize("model", ["authtoken", "onetimetoken", "identifier"])
def test_a_digest_cannot_be_filtered_by_url(admin: Client, db: None, model: str):
    for lookup in ["digest", "digest__gt", "digest__startswith"]:
        assert admin.get(f"{ADMIN}/{model}/?{lookup}=a").status_code == 400
    for other in ["user__password__startswith", "user__auth_one_time_tokens__digest__gt"]:
        assert admin.get(f"{ADMIN}/{model}/?{other}=a").status_code == 400


@pytest.mark.parametrize("model", ["authtoken", "onetimetoken", "identifier", "presence"])
def test_a_list_needs_as_many_queries_for_many_rows(admin: Client, db: None, model: str):
    def add(name: str) -> None:
        user = get_user_model().objects.create_user(name, f"{name}@example.com")
        sessions.start(user), keys.create(user), presence.start(user)
        links.issue(OneTimeToken.Purpose.RESET, f"{name}@example.com", user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            page = admin.get(f"{ADMIN}/{model}/").content.decode()
        assert "user0" in page
        return len(asked)

    add("user0")
    few = queries()
    for number in range(1, 6):
        add(f"user{number}")
    assert queries() == few


def test_no_secret_is_in_a_page_a_message_or_a_history(admin: Client, user: Any, mailbox: Any):
    login, key = sessions.start(user, device="phone"), keys.create(user, name="backup")
    pages = [LIST, NAMES, f"{ADMIN}/onetimetoken/", f"{ADMIN}/", "/admin/", f"/admin/auth/user/{user.pk}/history/"]
    pages += [f"{LIST}{row.pk}/{page}/" for row in [login.row, key.row] for page in ["change", "delete", "history"]]
    pages += [f"/admin/auth/user/{user.pk}/delete/"]
    for row in [login.row, key.row]:
        act(admin, LIST, "send_reset", row)
    one_time_token = secret_in(mailbox[-1])
    texts = [admin.get(page, follow=True).content.decode() for page in pages]
    admin.post(f"{LIST}{login.row.pk}/delete/", {"post": "yes"})
    texts += [admin.get(LIST).content.decode()]
    act(admin, NAMES, "end_keys", names_of(user)[0])
    texts += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert "Sent a password reset link" in str(texts)
    for text in texts:
        assert_no_secret(text, login.secret, key.secret, one_time_token)
        assert PASSWORD not in text
