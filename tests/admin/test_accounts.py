"""AccountAdmin, as the user admin of a project."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_simple_auth import keys, sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken, OneTimeToken
from django_simple_auth.tokens import links
from tests.admin.pages import ADMIN, LIST, PLAIN, PROJECT, act, assert_no_secret, end_signals, history, page_of, save
from tests.support.client import PASSWORD
from tests.support.forms import fields_of
from tests.support.messages import secret_in

# Sessions and keys on the user's page


@pytest.mark.parametrize("site", [PROJECT, PLAIN])
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
    assert_no_secret(text, login.secret, key.secret)


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


def test_tokens_are_ended_from_the_users_page(admin: Client, user: Any, sent: Any):
    login, key = sessions.start(user).row, keys.create(user).row
    stay = [sessions.start(user).row, keys.create(user).row]
    assert save(admin, page_of(user), login, key, first_name="Robert").status_code == 302
    assert list(AuthToken.objects.order_by("pk")) == stay
    assert sent == end_signals(login.pk, key.pk)
    user.refresh_from_db()
    assert user.first_name == "Robert"
    assert user.check_password(PASSWORD)
    assert [entry.get_change_message() for entry in LogEntry.objects.all()] == [
        f"Changed First name. Deleted token “login {login.pk}”. Deleted token “API key {key.pk}”."
    ]


def test_a_token_that_ended_meanwhile_is_no_error(admin: Client, user: Any, sent: Any):
    ended, marked = sessions.start(user), sessions.start(user)
    fields: dict[str, Any] = fields_of(admin.get(page_of(user)))
    for index in range(2):
        if fields[f"auth_tokens-{index}-id"] == [str(marked.row.pk)]:
            fields[f"auth_tokens-{index}-DELETE"] = "on"
    AuthToken.objects.all().delete()
    assert admin.post(page_of(user), fields).status_code == 302
    assert ended.row.pk
    assert sent == []


def test_another_users_session_cannot_be_ended(admin: Client, user: Any, sent: Any):
    sessions.start(user)
    other = sessions.start(get_user_model().objects.create_user("eve")).row
    fields: dict[str, Any] = fields_of(admin.get(page_of(user)))
    admin.post(page_of(user), {**fields, "auth_tokens-0-id": str(other.pk), "auth_tokens-0-DELETE": "on"})
    assert AuthToken.objects.filter(pk=other.pk).exists()
    assert sent == []


def test_a_projects_own_save_formset_decides(admin: Client, user: Any):
    login = sessions.start(user).row
    assert save(admin, page_of(user, PLAIN), login, username="robert").status_code == 302
    assert AuthToken.objects.get() == login
    user.refresh_from_db()
    assert (user.username, user.check_password(PASSWORD)) == ("robert", True)


def test_a_page_with_many_sessions_can_be_saved(admin: Client, user: Any):
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


def test_the_users_page_follows_permissions(staff: Any, user: Any, sent: Any):
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


# Password resets


def test_a_reset_is_started_from_the_users_page(admin: Client, user: Any, mailbox: Any, sent: Any):
    sessions.start(user)
    page = f"{PROJECT}{user.pk}/reset/"
    assert "bob@example.com" in admin.get(page).content.decode()
    assert mailbox == []
    response = admin.post(page, follow=True)
    assert response.redirect_chain == [(page_of(user), 302)]
    assert [str(message) for message in response.context["messages"]] == ["Password reset e-mails sent: 1 (bob)"]
    assert [message.to for message in mailbox] == [["bob@example.com"]]
    assert sent == [("authn_password_reset_request", {})]
    # The password stays valid until there is a new one.
    assert AuthToken.objects.exists()
    assert history() == [("root", "bob", "Sent a password reset link.")]
    assert_no_secret(response.content.decode(), secret_in(mailbox[0]))


def test_the_reset_page_shows_why_none_can_be_sent(admin: Client, user: Any, mailbox: Any):
    get_user_model().objects.filter(pk=user.pk).update(is_active=False)
    page = admin.get(f"{PROJECT}{user.pk}/reset/").content.decode()
    assert "This account is disabled." in page
    assert "Send the link" not in page
    response = admin.post(f"{PROJECT}{user.pk}/reset/", follow=True)
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
        assert method(f"{PROJECT}{user.pk}/reset/").status_code == 403
        assert method(f"{PROJECT}{user.pk}/password/", follow=True).status_code == 403
    assert mailbox == []
    assert Client().get(f"{PROJECT}{user.pk}/reset/").status_code == 302


def test_a_reset_page_of_an_unknown_user_is_404(admin: Client):
    assert admin.post(f"{PROJECT}0/reset/").status_code == 404


def test_staff_cannot_choose_a_password(admin: Client, user: Any, mailbox: Any):
    chosen = {"password1": "canary-Another-One-9", "password2": "canary-Another-One-9", "usable_password": "true"}
    for response in [admin.get(f"{PROJECT}{user.pk}/password/"), admin.post(f"{PROJECT}{user.pk}/password/", chosen)]:
        assert (response.status_code, response["Location"]) == (302, f"{PROJECT}{user.pk}/reset/")
    for site in [PROJECT, PLAIN]:
        save(admin, page_of(user, site), password="canary-Another-One-9")
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert mailbox == []


def test_without_an_email_field_djangos_form_stays(admin: Client, user: Any, monkeypatch: Any):
    monkeypatch.setattr("django_simple_auth.identity.user_model.email_field", lambda: None)
    text = admin.get(page_of(user)).content.decode()
    assert "/reset/" not in text
    assert '"../password/"' in text
    assert 'name="password1"' in admin.get(f"{PROJECT}{user.pk}/password/").content.decode()


# The rest of the user admin


def test_adding_a_user_works_as_in_django(admin: Client):
    assert "reset" not in admin.get(f"{PLAIN}add/").content.decode()
    fields: dict[str, Any] = fields_of(admin.get(f"{PROJECT}add/"))
    assert not any(name.startswith("auth_tokens") for name in fields)
    chosen = {"username": "ann", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    assert admin.post(f"{PROJECT}add/", {**fields, **chosen}).status_code == 302
    assert get_user_model().objects.get(username="ann").check_password(PASSWORD)


def test_the_projects_user_list_has_our_actions(admin: Client, user: Any, sent: Any, mailbox: Any):
    sessions.start(user), keys.create(user)
    mailbox.clear()
    assert act(admin, PROJECT, "greet", user) == ["Hello"]
    assert act(admin, PROJECT, "send_reset", user) == ["Password reset e-mails sent: 1 (bob)"]
    assert act(admin, PROJECT, "end_everywhere", user) == ["Logged out everywhere: bob"]
    assert act(admin, PROJECT, "end_keys", user) == ["API keys deleted: 1"]
    assert not AuthToken.objects.exists()
    assert [message.to for message in mailbox[:1]] == [["bob@example.com"]]


@pytest.mark.parametrize("site", [PROJECT, PLAIN])
def test_a_password_cannot_be_filtered_by_url(admin: Client, user: Any, site: str):
    for lookup in ["password", "password__startswith", "auth_tokens__digest__gt"]:
        assert admin.get(f"{site}?{lookup}=a").status_code == 400
