"""Links that restore the previous e-mail address, even against an attacker who knows the password."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth import accounts
from django_simple_auth.accounts import emails, passwords
from django_simple_auth.exceptions import InvalidCredentials
from django_simple_auth.mail import delivery, messages
from django_simple_auth.models import AuthToken, Identifier, OneTimeToken
from django_simple_auth.tokens import issuing, links
from tests.support.accounts import log_in
from tests.support.client import PASSWORD
from tests.support.emails import change_to, open_link
from tests.support.messages import secret_in

User = get_user_model()


Purpose = OneTimeToken.Purpose


@pytest.fixture
def user(user: Any) -> Any:
    """Bob, who has verified the address."""
    emails.mark_verified(user)
    return user


def test_without_the_notification_there_is_no_revert_link(client: Any, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"NOTIFICATIONS": ["password", "key", "login"]}
    log_in(client, user)
    change_to(client, "new@example.com")
    open_link(client, mailbox[0])
    assert [message.to for message in mailbox] == [["new@example.com"]]


@pytest.fixture
def _taken_over(client: Any, user: Any, mailbox: Any) -> None:
    """An attacker who knows Bob's password changes the address to their own, and then to another one."""
    for address in ["attacker@example.com", "attacker2@example.com"]:
        log_in(client, user)
        change_to(client, address)
        open_link(client, next(message for message in reversed(mailbox) if message.to == [address]))


@pytest.mark.usefixtures("_taken_over")
def test_a_revert_link_removes_all_access_of_an_attacker(client: Any, user: Any, mailbox: Any):
    owners = next(message for message in mailbox if message.to == ["bob@example.com"])
    attackers = [message for message in mailbox if message.to == ["attacker@example.com"]][-1]
    issuing.issue(user, AuthToken.Purpose.KEY)
    log_in(client, user)
    passwords.request_reset("attacker2@example.com")
    assert open_link(client, owners).status_code == 204
    assert User.objects.get().email == "bob@example.com"
    assert not AuthToken.objects.exists()
    with pytest.raises(InvalidCredentials):
        accounts.authenticate(username="bob", password=PASSWORD)
    assert open_link(client, attackers).status_code == 400
    assert mailbox[-1].to == ["bob@example.com"]
    passwords.reset(secret_in(mailbox[-1]), "canary-Battery-Staple-8")
    assert accounts.authenticate(username="bob", password="canary-Battery-Staple-8") == user


@pytest.mark.usefixtures("_taken_over")
def test_an_attacker_cannot_use_up_the_owners_revert_link(client: Any, user: Any, mailbox: Any):
    attackers = [message for message in mailbox if message.to == ["attacker@example.com"]][-1]
    owners = next(message for message in mailbox if message.to == ["bob@example.com"])
    open_link(client, attackers)
    assert User.objects.get().email == "attacker@example.com"
    assert open_link(client, owners).status_code == 204
    assert User.objects.get().email == "bob@example.com"


@pytest.fixture
def held(mailbox: Any, monkeypatch: Any) -> list[Any]:
    """The arguments of revert messages, which wait as in a queue."""
    waiting: list[Any] = []
    real = delivery._hand_over
    monkeypatch.setattr(
        delivery,
        "_hand_over",
        lambda *arguments: waiting.append(arguments) if arguments[0] == "revert" else real(*arguments),
    )
    return waiting


@pytest.fixture
def taken_over(held: list[Any], _taken_over: None) -> list[Any]:
    """The queued revert messages to the owner and to the attacker's first address."""
    return held


def test_a_new_password_does_not_stop_a_queued_revert_link(client: Any, user: Any, mailbox: Any, held: Any):
    log_in(client, user)
    change_to(client, "attacker@example.com")
    open_link(client, mailbox[-1])
    passwords.change(User.objects.get(), PASSWORD, "canary-Battery-Staple-8")
    messages.deliver(*held[0])
    assert mailbox[-1].to == ["bob@example.com"]
    assert open_link(client, mailbox[-1]).status_code == 204
    assert User.objects.get().email == "bob@example.com"


def test_the_owners_revert_link_wins_in_any_sending_order(client: Any, mailbox: Any, taken_over: Any):
    owners, attackers = taken_over
    messages.deliver(*attackers)
    messages.deliver(*owners)
    *_others, to_thief, to_owner = mailbox
    assert (to_thief.to, to_owner.to) == (["attacker@example.com"], ["bob@example.com"])
    assert open_link(client, to_owner).status_code == 204
    assert open_link(client, to_thief).status_code == 400
    assert User.objects.get().email == "bob@example.com"


def test_an_attackers_queued_revert_link_is_not_sent(client: Any, mailbox: Any, taken_over: Any):
    owners, attackers = taken_over
    messages.deliver(*owners)
    open_link(client, mailbox[-1])
    mailbox.clear()
    messages.deliver(*attackers)
    assert not mailbox


@pytest.mark.usefixtures("_taken_over")
def test_an_attackers_change_link_in_the_making_is_not_sent(client: Any, user: Any, mailbox: Any, monkeypatch: Any):
    owners = next(message for message in mailbox if message.to == ["bob@example.com"])
    real = links.issue

    def race(*arguments: Any) -> str:
        monkeypatch.setattr(links, "issue", real)
        emails.verify(secret_in(owners))
        return real(*arguments)

    monkeypatch.setattr(links, "issue", race)
    emails.request_change(User.objects.get(), "attacker3@example.com", PASSWORD)
    assert not [message for message in mailbox if message.to == ["attacker3@example.com"]]
    assert not OneTimeToken.objects.filter(purpose=Purpose.CHANGE).exists()


def test_the_mail_limit_does_not_stop_the_revert_link(client: Any, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"THROTTLE_RATES": {"mail": "1/hour"}}
    for _ in range(2):
        passwords.request_reset("bob@example.com")
    log_in(client, user)
    change_to(client, "attacker@example.com")
    open_link(client, mailbox[1])
    assert [message.to for message in mailbox] == [["bob@example.com"], ["attacker@example.com"], ["bob@example.com"]]


# An address that was never verified may be mistyped, and its owner a stranger


@pytest.fixture(params=["off", "optional"])
def unverified(request: Any, user: Any, mailbox: Any, settings: Any) -> Any:
    """Bob, who has not verified the address."""
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": request.param}
    Identifier.objects.update(verified_at=None)
    return user


def correct(client: Any, user: Any, mailbox: Any) -> Any:
    """Change the address; returns the message to the old one."""
    log_in(client, user)
    change_to(client, "right@example.com")
    open_link(client, mailbox[0])
    assert User.objects.get().email == "right@example.com"
    (message,) = mailbox[1:]
    return message


def test_an_unverified_email_is_notified_without_a_link(client: Any, unverified: Any, mailbox: Any):
    message = correct(client, unverified, mailbox)
    assert message.to == ["bob@example.com"]
    assert message.subject == "[www.example.com] Your e-mail address was removed from an account"
    texts = f"{message.body}{message.alternatives[0][0]}"
    assert "https://" not in texts
    assert not re.search(r"\bds[a-z]_", texts)
    assert not OneTimeToken.objects.filter(purpose=Purpose.REVERT).exists()


def test_that_notification_has_no_text_of_the_user(client: Any, unverified: Any, mailbox: Any):
    unverified.username = "evil.example"
    unverified.save()
    message = correct(client, unverified, mailbox)
    assert "evil" not in f"{message.subject}{message.body}{message.alternatives[0][0]}"
    assert "right@example.com" not in message.body
    assert "Hello bob@example.com," in message.body


def test_without_the_setting_it_is_not_notified(client: Any, unverified: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"NOTIFICATIONS": ["password"]}
    log_in(client, unverified)
    change_to(client, "right@example.com")
    open_link(client, mailbox[0])
    assert len(mailbox) == 1


def test_an_email_of_another_user_gets_no_notification(client: Any, unverified: Any, mailbox: Any):
    second = User.objects.create_user("ann", "BOB@example.com", PASSWORD)
    log_in(client, second)
    change_to(client, "ann@example.com")
    open_link(client, mailbox[0])
    assert [message.to for message in mailbox] == [["ann@example.com"]]
