from __future__ import annotations

from typing import Any

import pytest
from django.core.mail.backends.locmem import EmailBackend

from django_simple_auth import keys, presence, sessions
from django_simple_auth.accounts import passwords
from django_simple_auth.models import KnownDevice, OneTimeToken
from django_simple_auth.tokens import links
from tests.support.client import PASSWORD

NEW = "canary-Battery-Staple-8"


def subjects(mailbox: Any) -> list[str]:
    return [message.subject.removeprefix("[www.example.com] ") for message in mailbox]


def test_the_user_is_notified_of_a_changed_password(user: Any, mailbox: Any):
    passwords.change(user, PASSWORD, NEW)
    (message,) = mailbox
    assert (message.subject, message.to) == ("[www.example.com] Your password was changed", ["bob@example.com"])
    assert NEW not in f"{message.body} {message.alternatives}"


def test_the_user_is_notified_of_a_reset_password(user: Any, mailbox: Any):
    passwords.reset(links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user), NEW)
    assert subjects(mailbox) == ["Your password was changed"]


def test_the_user_is_notified_of_keys_but_not_sent_them(user: Any, mailbox: Any):
    issued = keys.create(user, name="backup")
    keys.delete(user, issued.row.pk)
    assert subjects(mailbox) == ["An API key was created", "An API key was deleted"]
    assert issued.secret not in f"{mailbox[0].body} {mailbox[0].alternatives}"


@pytest.mark.parametrize(("names", "sent"), [([], []), (["password"], ["Your password was changed"])])
def test_each_notification_can_be_switched_off(
    user: Any, mailbox: Any, settings: Any, names: list[str], sent: list[str]
):
    settings.SIMPLE_AUTH |= {"NOTIFICATIONS": names}
    keys.create(user)
    passwords.change(user, PASSWORD, NEW)
    assert subjects(mailbox) == sent


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_the_user_is_notified_of_a_new_device(client: Any, user: Any, mailbox: Any):
    login = {"username": "bob", "password": PASSWORD}
    client.post("/api/auth/login/", {**login, "device": "Bob's phone"})
    client.post("/api/auth/login/", {**login, "device": "Bob's phone"})
    assert not mailbox
    client.post("/api/auth/login/", login, HTTP_USER_AGENT=FIREFOX)
    (message,) = mailbox
    assert (message.subject, message.to) == ("[www.example.com] Login from a new device", ["bob@example.com"])
    for text in (message.body, message.alternatives[0][0]):
        assert "Firefox, Linux" in text
        assert "127.0.0.1" in text
    client.post("/api/auth/login/", login, HTTP_USER_AGENT=FIREFOX)
    assert len(mailbox) == 1


def test_a_device_stays_new_until_the_message_was_sent(user: Any, mailbox: Any, monkeypatch: Any):
    def refuse(self: Any, messages: Any) -> None:
        raise ConnectionRefusedError

    sessions.start(user, device="phone")
    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", refuse)
        sessions.start(user, device="attacker's phone")
    assert not mailbox
    sessions.start(user, device="attacker's phone")
    assert subjects(mailbox) == ["Login from a new device"]
    sessions.start(user, device="attacker's phone")
    assert len(mailbox) == 1


def test_a_message_does_not_quote_the_new_device(user: Any, mailbox: Any):
    sessions.start(user)
    sessions.start(user, device="You have won! evil.example")
    (message,) = mailbox
    assert "evil" not in f"{message.body} {message.alternatives}"


def test_after_a_reset_all_other_devices_are_new(client: Any, user: Any, mailbox: Any):
    for device in ("", "attacker's phone"):
        sessions.start(user, device=device)
    secret = links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)
    mailbox.clear()
    client.post("/api/auth/password/reset/confirm/", {"token": secret, "new_password": NEW}, HTTP_USER_AGENT=FIREFOX)
    user.refresh_from_db()
    sessions.start(user, device=FIREFOX)
    assert subjects(mailbox) == ["Your password was changed"]
    sessions.start(user, device="attacker's phone")
    assert subjects(mailbox)[1:] == ["Login from a new device"]


def test_a_reset_without_a_request_makes_all_devices_new(user: Any, mailbox: Any):
    sessions.start(user, device=FIREFOX)
    passwords.reset(links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user), NEW)
    user.refresh_from_db()
    sessions.start(user, device=FIREFOX)
    assert subjects(mailbox)[1:] == ["Login from a new device"]


def test_a_login_without_a_token_has_no_device(user: Any, mailbox: Any):
    sessions.start(user)
    presence.start(user)
    assert not mailbox


def test_without_the_notification_no_device_is_stored(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"NOTIFICATIONS": ["password"]}
    for device in ("", FIREFOX):
        sessions.start(user, device=device)
    passwords.reset(links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user), NEW)
    assert not KnownDevice.objects.exists()
    assert subjects(mailbox) == ["Your password was changed"]
