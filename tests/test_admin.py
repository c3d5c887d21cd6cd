from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
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

from django_simple_auth import emails, events, keys, mailed, passwords, presence, sessions, tokens
from django_simple_auth.admin import AuthTokenAdmin
from django_simple_auth.models import AuthToken, Identifier, MailedSecret
from django_simple_auth.refusals import LinkInvalid
from tests.client import PASSWORD
from tests.letters import secret_in

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


# Helping users from a list


def act(client: Client, page: str, action: str, *rows: Any) -> list[str]:
    """What staff are told after the action; it must be one that the page offers."""
    assert f'<option value="{action}">' in client.get(page).content.decode()
    response = client.post(page, {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True)
    return [str(message) for message in response.context["messages"]]


def names_of(user: Any) -> list[Identifier]:
    return list(Identifier.objects.filter(user=user))


def test_a_user_without_a_token_is_found_by_name_and_sent_a_link(admin: Client, user: Any, told: Any, mailbox: Any):
    for typed in ["bob", "bob@example.com", "BOB@"]:
        page = admin.get(f"{NAMES}?q={typed}").content.decode()
        assert "bob@example.com" in page
        assert f'href="/admin/auth/user/{user.pk}/change/"' in page
    assert act(admin, NAMES, "send_reset", *names_of(user)) == ["Letters on their way: 1 (bob)"]
    assert [letter.to for letter in mailbox] == [["bob@example.com"]]
    assert told == [("authn_password_reset_request", {})]
    passwords.reset(secret_in(mailbox[0]), "canary-Another-One-9")


def test_staff_are_told_who_gets_no_letter_and_why(admin: Client, user: Any, mailbox: Any):
    users = [
        get_user_model().objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False),
        get_user_model().objects.create_user("ldap", "ldap@example.com"),
        get_user_model().objects.create_user("lone", password=PASSWORD),
        get_user_model().objects.create_user("sole", password=PASSWORD),
        user,
    ]
    rows = [names_of(user)[0] for user in users]
    assert act(admin, f"{NAMES}?kind__exact=username&o=3", "send_reset", *rows) == [
        "Letters on their way: 1 (bob)",
        "No letter to gone: This account is disabled.",
        "No letter to ldap: This account does not log in by a password.",
        "No letter to lone, sole: This account has no e-mail address.",
    ]
    assert [letter.to for letter in mailbox] == [["bob@example.com"]]


def test_staff_are_told_that_there_is_nothing_to_build_a_link_on(admin: Client, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}}
    (text,) = act(admin, NAMES, "send_reset", *names_of(user))
    assert text == "No letter can be sent: SIMPLE_AUTH['PUBLIC_URL'] is not set."
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
def test_what_staff_did_is_told_and_stands_in_the_users_history(
    admin: Client, user: Any, told: Any, mailbox: Any, page: str
):
    rows = [sessions.start(user).row, sessions.start(user).row, keys.create(user).row, keys.create(user).row]
    other = sessions.start(get_user_model().objects.create_user("eve")).row
    if page == NAMES:
        rows = names_of(user)
    assert act(admin, page, "send_reset", *rows) == ["Letters on their way: 1 (bob)"]
    if page == LIST:
        rows = [row for row in rows if row.purpose == "key"]
    assert act(admin, page, "end_everywhere", *rows) == ["Logged out everywhere: bob"]
    assert act(admin, page, "end_keys", *rows) == ["API keys ended: 2"]
    assert AuthToken.objects.get() == other
    assert told == [
        ("authn_password_reset_request", {}),
        ("authn_token_revoked", {"count": 2, "cause": "staff"}),
        ("user_logged_out", {"user": "bob"}),
        ("authn_key_deleted", {"count": 2}),
    ]
    assert history() == [
        ("root", "bob", "Sent a link to choose another password."),
        ("root", "bob", "Logged out everywhere."),
        ("root", "bob", "Ended all API keys."),
    ]
    assert {entry.get_edited_object() for entry in LogEntry.objects.all()} == {user}


def test_keys_that_nobody_has_are_not_ended(admin: Client, user: Any):
    assert act(admin, NAMES, "end_keys", *names_of(user)) == ["API keys ended: 0"]
    assert history() == []


def test_an_address_says_whether_it_is_proved(admin: Client, user: Any):
    proved = f"{NAMES}?verified_at__isempty=0"
    assert "bob@example.com" not in admin.get(proved).content.decode()
    assert "bob@example.com" in admin.get(f"{NAMES}?verified_at__isempty=1").content.decode()
    emails.trust(user)
    assert "bob@example.com" in admin.get(proved).content.decode()


def test_a_name_that_an_update_took_from_its_user_is_not_shown_as_his(admin: Client, user: Any):
    get_user_model().objects.update(email="new@example.com")
    page = admin.get(NAMES).content.decode()
    assert "@example.com" not in page


def test_a_name_can_only_be_looked_at(admin: Client, user: Any):
    name = names_of(user)[0]
    for page in ["add/", f"{name.pk}/change/", f"{name.pk}/delete/", f"{name.pk}/history/"]:
        assert admin.get(f"{NAMES}{page}").status_code == 404
    admin.post(NAMES, {"action": "delete_selected", "_selected_action": [name.pk], "post": "yes"})
    assert name in names_of(user)


def test_where_the_user_model_has_no_address_no_reset_is_offered(admin: Client, user: Any, monkeypatch: Any):
    monkeypatch.setattr("django_simple_auth.users.email_field", lambda: None)
    page = admin.get(NAMES).content.decode()
    assert '<option value="end_everywhere">' in page
    assert "send_reset" not in page


# Mailed secrets


def test_a_mailed_secret_is_shown_without_itself_and_can_be_withdrawn(admin: Client, user: Any, mailbox: Any):
    secret = mailed.make(MailedSecret.Purpose.RESET, "bob@example.com", user)
    invitation = mailed.make(MailedSecret.Purpose.INVITE, "ann@example.com")
    page = f"{ADMIN}/mailedsecret/"
    row, invited = MailedSecret.objects.order_by("pk")
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
    assert admin.post(f"{page}{row.pk}/change/", {"address": "eve@example.com"}).status_code == 403
    for each in [row, invited]:
        admin.post(f"{page}{each.pk}/delete/", {"post": "yes"})
    with pytest.raises(LinkInvalid):
        passwords.reset(secret, "canary-Another-One-9")
    assert not MailedSecret.objects.exists()


def hold_no_secret(text: str, *secrets: str) -> None:
    for secret in secrets:
        digest = tokens.digest(secret)
        for form in [secret, secret[4:], digest.hex(), str(digest)[2:-1], b64encode(digest).decode()]:
            assert form not in text


# Who may do what


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """Logs in somebody of the staff who has these permissions."""

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
    others = {"auth.change_user", "django_simple_auth.delete_authtoken", "django_simple_auth.delete_mailedsecret"}
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
    for model in ["authtoken", "identifier", "mailedsecret", "presence"]:
        assert client.get(f"{ADMIN}/{model}/").status_code == 403


def test_whoever_may_delete_a_user_may_delete_what_goes_with_him(staff: Any, user: Any):
    sessions.start(user), presence.enter(user)
    mailed.make(MailedSecret.Purpose.RESET, "bob@example.com", user)
    client = staff("auth.view_user", "auth.delete_user")
    assert client.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not get_user_model().objects.filter(pk=user.pk).exists()


def test_an_invitation_goes_with_nobody(staff: Any):
    mailed.make(MailedSecret.Purpose.INVITE, "ann@example.com")
    client = staff("django_simple_auth.view_mailedsecret", "auth.delete_user")
    page = f"{ADMIN}/mailedsecret/{MailedSecret.objects.get().pk}/"
    assert client.get(f"{page}change/").status_code == 200
    assert client.post(f"{page}delete/", {"post": "yes"}).status_code == 403


def test_a_host_that_protects_some_users_has_them_protected_in_every_list(
    staff: Any, user: Any, mailbox: Any, monkeypatch: Any
):
    def but_superusers(self: Any, request: Any, obj: Any = None) -> bool:
        return obj is None or not obj.is_superuser

    monkeypatch.setattr(UserAdmin, "has_change_permission", but_superusers)
    root = get_user_model().objects.create_superuser("root", "root@example.com", PASSWORD)
    client = staff(*MAY_LOOK)
    chosen = {"action": "send_reset", "_selected_action": [names_of(user)[0].pk, names_of(root)[0].pk]}
    assert client.post(NAMES, chosen).status_code == 403
    assert mailbox == []
    assert act(client, NAMES, "send_reset", names_of(user)[0]) == ["Letters on their way: 1 (bob)"]


# What no page and no list may do


@pytest.mark.parametrize("model", ["authtoken", "mailedsecret", "identifier"])
def test_a_digest_cannot_be_guessed_by_comparing_it_in_the_url(admin: Client, db: None, model: str):
    for lookup in ["digest", "digest__gt", "digest__startswith"]:
        assert admin.get(f"{ADMIN}/{model}/?{lookup}=a").status_code == 400
    for other in ["user__password__startswith", "user__auth_mailed_secrets__digest__gt"]:
        assert admin.get(f"{ADMIN}/{model}/?{other}=a").status_code == 400


@pytest.mark.parametrize("model", ["authtoken", "mailedsecret", "identifier", "presence"])
def test_a_list_asks_the_database_as_often_for_many_as_for_one(admin: Client, db: None, model: str):
    def add(name: str) -> None:
        user = get_user_model().objects.create_user(name, f"{name}@example.com")
        sessions.start(user), keys.create(user), presence.enter(user)
        mailed.make(MailedSecret.Purpose.RESET, f"{name}@example.com", user)

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
    pages = [LIST, NAMES, f"{ADMIN}/mailedsecret/", f"{ADMIN}/", "/admin/", f"/admin/auth/user/{user.pk}/history/"]
    pages += [f"{LIST}{row.pk}/{page}/" for row in [login.row, key.row] for page in ["change", "delete", "history"]]
    pages += [f"/admin/auth/user/{user.pk}/delete/"]
    for row in [login.row, key.row]:
        act(admin, LIST, "send_reset", row)
    mailed_secret = secret_in(mailbox[-1])
    texts = [admin.get(page, follow=True).content.decode() for page in pages]
    admin.post(f"{LIST}{login.row.pk}/delete/", {"post": "yes"})
    texts += [admin.get(LIST).content.decode()]
    act(admin, NAMES, "end_keys", names_of(user)[0])
    texts += [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]
    assert "Sent a link" in str(texts)
    for text in texts:
        hold_no_secret(text, login.secret, key.secret, mailed_secret)
        assert PASSWORD not in text
