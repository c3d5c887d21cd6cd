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
    return [letter.subject for letter in mailbox]


def test_the_owner_is_told_of_a_new_password(user: Any, mailbox: Any):
    passwords.change(user, PASSWORD, NEW)
    (letter,) = mailbox
    assert (letter.subject, letter.to) == ("Your password was changed", ["bob@example.com"])
    assert NEW not in f"{letter.body} {letter.alternatives}"


def test_a_password_chosen_by_a_link_is_told_too(user: Any, mailbox: Any):
    passwords.reset(links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user), NEW)
    assert subjects(mailbox) == ["Your password was changed"]


def test_the_owner_is_told_of_api_keys_and_never_shown_one(user: Any, mailbox: Any):
    issued = keys.create(user, name="backup")
    keys.delete(user, issued.row.pk)
    assert subjects(mailbox) == ["An API key was made", "An API key was deleted"]
    assert issued.secret not in f"{mailbox[0].body} {mailbox[0].alternatives}"


@pytest.mark.parametrize(("notices", "told"), [([], []), (["password"], ["Your password was changed"])])
def test_each_notice_can_be_switched_off(user: Any, mailbox: Any, settings: Any, notices: list[str], told: list[str]):
    settings.SIMPLE_AUTH |= {"NOTIFICATIONS": notices}
    keys.create(user)
    passwords.change(user, PASSWORD, NEW)
    assert subjects(mailbox) == told


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_the_owner_is_told_of_a_login_from_a_new_device(client: Any, user: Any, mailbox: Any):
    login = {"username": "bob", "password": PASSWORD}
    client.post("/api/auth/login/", {**login, "device": "Bob's phone"})
    client.post("/api/auth/login/", {**login, "device": "Bob's phone"})
    assert not mailbox
    client.post("/api/auth/login/", login, HTTP_USER_AGENT=FIREFOX)
    (letter,) = mailbox
    assert (letter.subject, letter.to) == ("A login from a new device", ["bob@example.com"])
    for text in (letter.body, letter.alternatives[0][0]):
        assert "Firefox, Linux" in text
        assert "127.0.0.1" in text
    client.post("/api/auth/login/", login, HTTP_USER_AGENT=FIREFOX)
    assert len(mailbox) == 1


def test_a_new_device_stays_news_until_a_letter_about_it_has_left(user: Any, mailbox: Any, monkeypatch: Any):
    def refuse(self: Any, messages: Any) -> None:
        raise ConnectionRefusedError

    sessions.start(user, device="phone")
    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", refuse)
        sessions.start(user, device="of a thief")
    assert not mailbox
    sessions.start(user, device="of a thief")
    assert subjects(mailbox) == ["A login from a new device"]
    sessions.start(user, device="of a thief")
    assert len(mailbox) == 1


def test_a_letter_says_nothing_that_whoever_logged_in_has_chosen(user: Any, mailbox: Any):
    sessions.start(user)
    sessions.start(user, device="You have won! evil.example")
    (letter,) = mailbox
    assert "evil" not in f"{letter.body} {letter.alternatives}"


def test_after_a_reset_every_device_but_the_one_it_was_made_on_is_new(client: Any, user: Any, mailbox: Any):
    for device in ("", "of a thief"):
        sessions.start(user, device=device)
    secret = links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)
    mailbox.clear()
    client.post("/api/auth/password/reset/confirm/", {"token": secret, "new_password": NEW}, HTTP_USER_AGENT=FIREFOX)
    user.refresh_from_db()
    sessions.start(user, device=FIREFOX)
    assert subjects(mailbox) == ["Your password was changed"]
    sessions.start(user, device="of a thief")
    assert subjects(mailbox)[1:] == ["A login from a new device"]


def test_a_reset_without_a_request_makes_every_device_new(user: Any, mailbox: Any):
    sessions.start(user, device=FIREFOX)
    passwords.reset(links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user), NEW)
    user.refresh_from_db()
    sessions.start(user, device=FIREFOX)
    assert subjects(mailbox)[1:] == ["A login from a new device"]


def test_a_login_that_opens_nothing_is_from_no_device(user: Any, mailbox: Any):
    sessions.start(user)
    presence.start(user)
    assert not mailbox


def test_without_that_notice_no_device_is_remembered(user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"NOTIFICATIONS": ["password"]}
    for device in ("", FIREFOX):
        sessions.start(user, device=device)
    passwords.reset(links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user), NEW)
    assert not KnownDevice.objects.exists()
    assert subjects(mailbox) == ["Your password was changed"]
