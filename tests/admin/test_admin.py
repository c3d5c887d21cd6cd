from __future__ import annotations

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Permission
from django.contrib.auth.signals import user_logged_out
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_simple_auth import keys, presence, sessions, signals
from django_simple_auth.accounts import emails, passwords
from django_simple_auth.admin import AuthTokenAdmin
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import LinkInvalid
from django_simple_auth.models import AuthToken, Identifier, OneTimeToken
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import links
from tests.support.client import PASSWORD
from tests.support.forms import fields_of
from tests.support.messages import secret_in

ROOT = Path(__file__).resolve().parent.parent.parent
ADMIN = "/admin/django_simple_auth"
LIST = f"{ADMIN}/authtoken/"
NAMES = f"{ADMIN}/identifier/"


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
    """The signals sent about ended tokens, and whom ``user_logged_out`` named."""
    heard: list[tuple[str, dict[str, Any]]] = []

    def hear(sender: Any, user: Any, request: Any, signal: Any, **facts: Any) -> None:
        name = getattr(signal, "name", "user_logged_out")
        assert request.user.is_staff
        heard.append((name, facts if name != "user_logged_out" else {"user": user.username}))

    listened = [signals.session_ended, signals.key_deleted, signals.password_reset_requested, user_logged_out]
    for signal in listened:
        signal.connect(hear)
    yield heard
    for signal in listened:
        signal.disconnect(hear)


def ends_of(login: int, key: int) -> list[tuple[str, dict[str, Any]]]:
    return [
        ("authn_token_revoked", {"session": login, "cause": "staff"}),
        ("user_logged_out", {"user": "bob"}),
        ("authn_token_delete", {"key": key}),
    ]


def test_ending_a_token_in_the_admin_sends_signals(admin: Client, user: Any, told: Any):
    login, key = sessions.start(user).row.pk, keys.create(user).row.pk
    for pk in [login, key]:
        admin.post(f"{LIST}{pk}/delete/", {"post": "yes"})
    assert not AuthToken.objects.exists()
    assert told == ends_of(login, key)


def test_ending_several_tokens_in_the_admin_sends_signals(admin: Client, user: Any, told: Any):
    login, key = sessions.start(user).row.pk, keys.create(user).row.pk
    admin.post(LIST, {"action": "delete_selected", "_selected_action": [key, login], "post": "yes"})
    assert not AuthToken.objects.exists()
    assert sorted(map(str, told)) == sorted(map(str, ends_of(login, key)))


def test_ending_an_ended_token_in_the_admin_is_no_error(admin: Client, user: Any, monkeypatch: Any):
    login = sessions.start(user).row

    def in_between(self: Any, request: Any, queryset: Any) -> None:
        sessions.end(login)

    monkeypatch.setattr(AuthTokenAdmin, "log_deletions", in_between)
    assert admin.post(f"{LIST}{login.pk}/delete/", {"post": "yes"}).status_code == 302


def test_the_end_of_a_presence_is_sent_as_a_logout(admin: Client, user: Any, told: Any):
    presence.start(user)
    admin.post(f"{ADMIN}/presence/{user.pk}/delete/", {"post": "yes"})
    presence.start(user)
    admin.post(f"{ADMIN}/presence/", {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})
    assert not presence.users().exists()
    assert told == [("user_logged_out", {"user": "bob"})] * 2


# Helping users from a list


def act(client: Client, page: str, action: str, *rows: Any) -> list[str]:
    """The messages shown after the action, which the page must offer."""
    assert f'<option value="{action}">' in client.get(page).content.decode()
    response = client.post(page, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)
    return [str(message) for message in response.context["messages"]]


def names_of(user: Any) -> list[Identifier]:
    return list(Identifier.objects.filter(user=user))


def test_a_user_found_by_name_is_sent_a_link(admin: Client, user: Any, told: Any, mailbox: Any):
    for typed in ["bob", "bob@example.com", "BOB@"]:
        page = admin.get(f"{NAMES}?q={typed}").content.decode()
        assert "bob@example.com" in page
        assert f'href="/admin/auth/user/{user.pk}/change/"' in page
    assert act(admin, NAMES, "send_reset", *names_of(user)) == ["Password reset e-mails sent: 1 (bob)"]
    assert [letter.to for letter in mailbox] == [["bob@example.com"]]
    assert told == [("authn_password_reset_request", {})]
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
    assert [letter.to for letter in mailbox] == [["bob@example.com"]]


def test_staff_see_that_public_url_is_missing(admin: Client, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}}
    (text,) = act(admin, NAMES, "send_reset", *names_of(user))
    assert text == "No e-mail can be sent: SIMPLE_AUTH['PUBLIC_URL'] is not set."
    assert (mailbox, history()) == ([], [])


def test_the_names_in_a_message_do_not_fill_the_page(admin: Client, db: None):
    users = [get_user_model().objects.create_user("x" * 90 + str(number)) for number in range(9)]
    (text,) = act(admin, NAMES, "end_everywhere", *(name for user in users for name in names_of(user)))
    assert len(text) < 250


def history() -> list[tuple[str, str, str]]:
    return [
        (entry.user.get_username(), entry.object_repr, entry.change_message)
        for entry in LogEntry.objects.order_by("pk").select_related("user")
    ]


@pytest.mark.parametrize("page", [LIST, NAMES])
def test_actions_send_signals_and_write_history(admin: Client, user: Any, told: Any, mailbox: Any, page: str):
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
    assert told == [
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


def test_emails_can_be_filtered_by_verification(admin: Client, user: Any):
    proved = f"{NAMES}?verified_at__isempty=0"
    assert "bob@example.com" not in admin.get(proved).content.decode()
    assert "bob@example.com" in admin.get(f"{NAMES}?verified_at__isempty=1").content.decode()
    emails.mark_verified(user)
    assert "bob@example.com" in admin.get(proved).content.decode()


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


def test_without_an_email_field_no_reset_is_offered(admin: Client, user: Any, monkeypatch: Any):
    monkeypatch.setattr("django_simple_auth.identity.user_model.email_field", lambda: None)
    page = admin.get(NAMES).content.decode()
    assert '<option value="end_everywhere">' in page
    assert "send_reset" not in page


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
        hold_no_secret(text, secret, invitation)
    assert admin.get(f"{page}add/").status_code == 403
    assert admin.post(f"{page}{row.pk}/change/", {"email": "eve@example.com"}).status_code == 403
    for each in [row, invited]:
        admin.post(f"{page}{each.pk}/delete/", {"post": "yes"})
    with pytest.raises(LinkInvalid):
        passwords.reset(secret, "canary-Another-One-9")
    assert not OneTimeToken.objects.exists()


def hold_no_secret(text: str, *secrets: str) -> None:
    for secret in secrets:
        digest = token_format.digest(secret)
        for form in [secret, secret[4:], digest.hex(), str(digest)[2:-1], b64encode(digest).decode()]:
            assert form not in text


# Who may do what


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """Logs in a member of staff who has these permissions."""

    def log_in(*permissions: str) -> Client:
        person = get_user_model().objects.create_user("ann", is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client = Client()
        client.force_login(person)
        return client

    return log_in


MAY_LOOK = ["django_simple_auth.view_authtoken", "django_simple_auth.view_identifier", "auth.view_user"]


@pytest.mark.parametrize(
    ("action", "permission"),
    [
        ("send_reset", "auth.change_user"),
        ("end_everywhere", "django_simple_auth.delete_authtoken"),
        ("end_keys", "django_simple_auth.delete_authtoken"),
    ],
)
def test_an_action_is_for_those_who_have_its_permission(
    staff: Any, user: Any, mailbox: Any, action: str, permission: str
):
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


def test_a_list_is_for_those_who_may_see_it(staff: Any):
    client = staff("auth.change_user")
    for model in ["authtoken", "identifier", "onetimetoken", "presence"]:
        assert client.get(f"{ADMIN}/{model}/").status_code == 403


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


# What no page and no list may do


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
        hold_no_secret(text, login.secret, key.secret, one_time_token)
        assert PASSWORD not in text


# The user admin of a project

HOST = "/host/auth/user/"
PLAIN = "/plain/auth/user/"


def page_of(user: Any, site: str = HOST) -> str:
    return f"{site}{user.pk}/change/"


def save(client: Client, page: str, *ended: AuthToken, **changed: str) -> Any:
    """Save the page, with these tokens marked for deletion."""
    fields: dict[str, Any] = fields_of(client.get(page))
    for token in ended:
        (name,) = (name for name, (value, *_) in fields.items() if name.endswith("-id") and value == str(token.pk))
        fields[name.replace("-id", "-DELETE")] = "on"
    return client.post(page, {**fields, **changed})


@pytest.mark.parametrize("site", [HOST, PLAIN])
def test_the_users_page_shows_sessions_and_keys(admin: Client, user: Any, site: str):
    login = sessions.start(user, device="phone", ip_address="203.0.113.7")
    key = keys.create(user, name="backup", scopes=["notes:read"])
    sessions.start(user, device="attic")
    AuthToken.objects.filter(name="attic").update(expires_at=system_clock.now())
    sessions.start(get_user_model().objects.create_user("eve"), device="laptop")
    text = admin.get(page_of(user, site)).content.decode()
    for shown in ["phone", "203.0.113.7", "backup", "notes:read", f'href="{site}{user.pk}/reset/"']:
        assert text.count(shown) == 1
    for hidden in ["attic", "laptop", *user.password.split("$"), user.password[-8:-2], 'name="password"']:
        assert hidden not in text
    hold_no_secret(text, login.secret, key.secret)


def test_times_are_shown_as_the_admin_shows_times(admin: Client, user: Any, settings: Any):
    settings.TIME_ZONE = "Asia/Tokyo"
    key = keys.create(user).row
    links.issue(OneTimeToken.Purpose.INVITE, "ann@example.com")
    AuthToken.objects.update(created_at=datetime(2026, 11, 20, 23, 30, tzinfo=timezone.utc))
    for page in [page_of(user), f"{LIST}{key.pk}/change/", LIST]:
        text = admin.get(page).content.decode()
        assert "Nov. 21, 2026, 8:30 a.m." in text
        assert "+00:00" not in text
        assert ">None<" not in text
    invitation = f"{ADMIN}/onetimetoken/{OneTimeToken.objects.get().pk}/change/"
    assert ">None<" not in admin.get(invitation).content.decode()


def test_an_expiry_in_the_year_9999_is_shown(admin: Client, user: Any, settings: Any):
    settings.TIME_ZONE = "Asia/Tokyo"
    keys.create(user, expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc))
    for page in (page_of(user), LIST):
        response = admin.get(page)
        assert response.status_code == 200
        assert "9999" in response.content.decode()


def test_tokens_are_ended_from_the_users_page(admin: Client, user: Any, told: Any):
    login, key = sessions.start(user).row, keys.create(user).row
    stay = [sessions.start(user).row, keys.create(user).row]
    assert save(admin, page_of(user), login, key, first_name="Robert").status_code == 302
    assert list(AuthToken.objects.order_by("pk")) == stay
    assert told == ends_of(login.pk, key.pk)
    user.refresh_from_db()
    assert user.first_name == "Robert"
    assert user.check_password(PASSWORD)
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == [
        f"Changed First name. Deleted token “login {login.pk}”. Deleted token “API key {key.pk}”."
    ]


def test_a_token_that_ended_meanwhile_is_no_error(admin: Client, user: Any, told: Any):
    ended, marked = sessions.start(user), sessions.start(user)
    fields: dict[str, Any] = fields_of(admin.get(page_of(user)))
    for index in range(2):
        if fields[f"auth_tokens-{index}-id"] == [str(marked.row.pk)]:
            fields[f"auth_tokens-{index}-DELETE"] = "on"
    AuthToken.objects.all().delete()
    assert admin.post(page_of(user), fields).status_code == 302
    assert ended.row.pk
    assert told == []


def test_another_users_session_is_not_ended_from_there(admin: Client, user: Any, told: Any):
    sessions.start(user)
    other = sessions.start(get_user_model().objects.create_user("eve")).row
    fields: dict[str, Any] = fields_of(admin.get(page_of(user)))
    admin.post(page_of(user), {**fields, "auth_tokens-0-id": str(other.pk), "auth_tokens-0-DELETE": "on"})
    assert AuthToken.objects.filter(pk=other.pk).exists()
    assert told == []


def test_a_projects_own_save_formset_decides(admin: Client, user: Any):
    login = sessions.start(user).row
    assert save(admin, page_of(user, PLAIN), login, username="robert").status_code == 302
    assert AuthToken.objects.get() == login
    user.refresh_from_db()
    assert (user.username, user.check_password(PASSWORD)) == ("robert", True)


def test_a_user_with_many_sessions_has_a_page_that_can_be_saved(admin: Client, user: Any):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            admin.get(page_of(user))
        return len(asked)

    first = sessions.start(user).row
    keys.create(user)
    few = queries()
    AuthToken.objects.bulk_create(
        AuthToken(
            user=user,
            purpose=AuthToken.Purpose.LOGIN if number % 2 else AuthToken.Purpose.KEY,
            digest=number.to_bytes(32, "big"),
            created_at=system_clock.now(),
            last_used_at=system_clock.now() - timedelta(seconds=number),
        )
        for number in range(1, 800)
    )
    assert queries() == few
    page = page_of(user)
    fields: dict[str, Any] = fields_of(admin.get(page))
    assert len([name for name in fields if name.endswith("-id")]) == 100
    # Others have been used since the page was shown, and this one has moved down the list.
    AuthToken.objects.filter(pk=first.pk).update(last_used_at=system_clock.now() - timedelta(days=1))
    (name,) = (name for name, (value, *_) in fields.items() if name.endswith("-id") and value == str(first.pk))
    assert admin.post(page, {**fields, name.replace("-id", "-DELETE"): "on"}).status_code == 302
    assert not AuthToken.objects.filter(pk=first.pk).exists()


def test_the_users_page_follows_permissions(staff: Any, user: Any, told: Any):
    sessions.start(user)
    page = page_of(user)
    client = staff("auth.view_user", "auth.change_user")
    assert "auth_tokens" not in client.get(page).content.decode()
    get_user_model().objects.get(username="ann").delete()
    client = staff("auth.change_user", "django_simple_auth.view_authtoken")
    text = client.get(page).content.decode()
    assert "auth_tokens-0-id" in text
    assert "DELETE" not in text
    client.post(page, {**fields_of(client.get(page)), "auth_tokens-0-DELETE": "on"})
    assert AuthToken.objects.exists()
    get_user_model().objects.get(username="ann").delete()
    client = staff("auth.change_user", "django_simple_auth.view_authtoken", "django_simple_auth.delete_authtoken")
    save(client, page, AuthToken.objects.get())
    assert not AuthToken.objects.exists()


def test_a_reset_is_started_from_the_users_page(admin: Client, user: Any, mailbox: Any, told: Any):
    sessions.start(user)
    page = f"{HOST}{user.pk}/reset/"
    assert "bob@example.com" in admin.get(page).content.decode()
    assert mailbox == []
    response = admin.post(page, follow=True)
    assert response.redirect_chain == [(page_of(user), 302)]
    assert [str(message) for message in response.context["messages"]] == ["Password reset e-mails sent: 1 (bob)"]
    assert [letter.to for letter in mailbox] == [["bob@example.com"]]
    assert told == [("authn_password_reset_request", {})]
    # The password stays valid until there is a new one.
    assert AuthToken.objects.exists()
    assert history() == [("root", "bob", "Sent a password reset link.")]
    hold_no_secret(response.content.decode(), secret_in(mailbox[0]))


def test_the_reset_page_shows_why_none_can_be_sent(admin: Client, user: Any, mailbox: Any):
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    page = admin.get(f"{HOST}{user.pk}/reset/").content.decode()
    assert "This account is disabled." in page
    assert "Send the link" not in page
    response = admin.post(f"{HOST}{user.pk}/reset/", follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "No e-mail sent to bob: This account is disabled."
    ]
    assert mailbox == []


def test_a_reset_needs_the_permission_to_change_users(staff: Any, user: Any, mailbox: Any):
    client = staff("auth.view_user")
    text = client.get(page_of(user)).content.decode()
    assert "reset" not in text
    assert user.password.split("$")[-1][:6] not in text
    for method in [client.get, client.post]:
        assert method(f"{HOST}{user.pk}/reset/").status_code == 403
        assert method(f"{HOST}{user.pk}/password/", follow=True).status_code == 403
    assert mailbox == []
    assert Client().get(f"{HOST}{user.pk}/reset/").status_code == 302


def test_a_reset_page_of_an_unknown_user_is_404(admin: Client):
    assert admin.post(f"{HOST}0/reset/").status_code == 404


def test_staff_choose_no_password(admin: Client, user: Any, mailbox: Any):
    chosen = {"password1": "canary-Another-One-9", "password2": "canary-Another-One-9", "usable_password": "true"}
    for response in [admin.get(f"{HOST}{user.pk}/password/"), admin.post(f"{HOST}{user.pk}/password/", chosen)]:
        assert (response.status_code, response["Location"]) == (302, f"{HOST}{user.pk}/reset/")
    for site in [HOST, PLAIN]:
        save(admin, page_of(user, site), password="canary-Another-One-9")
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert mailbox == []


def test_without_an_email_field_djangos_form_stays(admin: Client, user: Any, monkeypatch: Any):
    monkeypatch.setattr("django_simple_auth.identity.user_model.email_field", lambda: None)
    text = admin.get(page_of(user)).content.decode()
    assert "/reset/" not in text
    assert '"../password/"' in text
    assert 'name="password1"' in admin.get(f"{HOST}{user.pk}/password/").content.decode()


def test_adding_a_user_works_as_in_django(admin: Client):
    assert "reset" not in admin.get(f"{PLAIN}add/").content.decode()
    fields: dict[str, Any] = fields_of(admin.get(f"{HOST}add/"))
    assert not any(name.startswith("auth_tokens") for name in fields)
    chosen = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert admin.post(f"{HOST}add/", {**fields, **chosen}).status_code == 302
    assert get_user_model().objects.get(username="ann").check_password(PASSWORD)


def test_the_projects_user_list_has_our_actions(admin: Client, user: Any, told: Any, mailbox: Any):
    sessions.start(user), keys.create(user)
    mailbox.clear()
    assert act(admin, HOST, "greet", user) == ["Hello"]
    assert act(admin, HOST, "send_reset", user) == ["Password reset e-mails sent: 1 (bob)"]
    assert act(admin, HOST, "end_everywhere", user) == ["Logged out everywhere: bob"]
    assert act(admin, HOST, "end_keys", user) == ["API keys deleted: 1"]
    assert not AuthToken.objects.exists()
    assert [letter.to for letter in mailbox[:1]] == [["bob@example.com"]]


@pytest.mark.parametrize("site", [HOST, PLAIN])
def test_a_password_cannot_be_filtered_by_url(admin: Client, user: Any, site: str):
    for lookup in ["password", "password__startswith", "auth_tokens__digest__gt"]:
        assert admin.get(f"{site}?{lookup}=a").status_code == 400


PEOPLE = """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

class Manager(BaseUserManager):
    def create_user(self, name, password=None, **more):
        user = self.model(**{NAME: name}, **more)
        user.set_password(password)
        user.save()
        return user

NAME = %r

class Person(AbstractBaseUser, PermissionsMixin):
    locals()[NAME] = models.%s(max_length=100, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True)
    objects = Manager()
    USERNAME_FIELD = NAME
"""
ADMINS = """
from django.contrib import admin
from django_simple_auth.admin import AccountAdmin
from .models import NAME, Person

@admin.register(Person)
class PersonAdmin(AccountAdmin):
    list_display = fields = [NAME]
"""
VISIT = """
import django
from django.conf import settings
from django.contrib import admin
from django.urls import path

APPS = ["admin", "auth", "contenttypes", "messages", "sessions"]
urlpatterns = []
settings.configure(
    SECRET_KEY="not a secret", ROOT_URLCONF=__name__, AUTH_USER_MODEL="people.Person", ALLOWED_HOSTS=["*"], USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in APPS), "rest_framework", "django_simple_auth", "people"],
    MIGRATION_MODULES={app: None for app in [*APPS, "django_simple_auth"]},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "people.sqlite3"}},
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    SIMPLE_AUTH={"PUBLIC_URL": "https://www.example.com"},
)
django.setup()
urlpatterns.append(path("admin/", admin.site.urls))

from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django_simple_auth import sessions
from django_simple_auth.models import AuthToken, Identifier
from people.models import NAME, Person

setup_test_environment()
call_command("check", "--fail-level=WARNING")
call_command("migrate", "--run-syncdb", "--verbosity=0")
user = Person.objects.create_user("bob@example.com", "canary-Correct-Horse-7")
session = sessions.start(user).row
client = Client()
client.force_login(Person.objects.create_user("root", is_superuser=True))
offered = NAME == "email"
for page in ["people/person/", f"people/person/{user.pk}/change/", f"people/person/{user.pk}/delete/",
             "django_simple_auth/authtoken/", f"django_simple_auth/authtoken/{session.pk}/change/",
             "django_simple_auth/authtoken/?q=bob", "django_simple_auth/identifier/?q=bob"]:
    response = client.get(f"/admin/{page}")
    assert response.status_code == 200, page
    assert "bob@example.com" in response.content.decode(), page
    if page.endswith(("/person/", "q=bob")):
        assert ("send_reset" in response.content.decode()) is offered, page
for list_page, row in [("people/person/", user), ("django_simple_auth/identifier/", Identifier.objects.get(user=user))]:
    client.post(f"/admin/{list_page}", {"action": "send_reset", "_selected_action": [row.pk]})
    client.post(f"/admin/{list_page}", {"action": "end_everywhere", "_selected_action": [row.pk]})
assert client.post(f"/admin/people/person/{user.pk}/reset/").status_code == (302 if offered else 403)
assert [letter.to for letter in mail.outbox] == [["bob@example.com"]] * (3 if offered else 0)
assert not AuthToken.objects.exists()
"""


@pytest.mark.parametrize(("name", "kind"), [("nick", "CharField"), ("email", "EmailField")])
def test_the_admin_works_with_a_minimal_user_model(tmp_path: Path, name: str, kind: str):
    package = tmp_path / "people"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "models.py").write_text(PEOPLE % (name, kind))
    (package / "admin.py").write_text(ADMINS)
    (tmp_path / "visit.py").write_text(VISIT)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    environ.pop("DJANGO_SETTINGS_MODULE")
    subprocess.run([sys.executable, "visit.py"], cwd=tmp_path, env=environ, check=True)
