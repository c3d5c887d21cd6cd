from __future__ import annotations

from typing import Any

import pytest

from django_simple_auth import keys, mailed, passwords
from django_simple_auth.models import MailedSecret
from tests.client import PASSWORD

NEW = "canary-Battery-Staple-8"


def subjects(mailbox: Any) -> list[str]:
    return [letter.subject for letter in mailbox]


def test_the_owner_is_told_of_a_new_password(user: Any, mailbox: Any):
    passwords.change(user, PASSWORD, NEW)
    (letter,) = mailbox
    assert (letter.subject, letter.to) == ("Your password was changed", ["bob@example.com"])
    assert NEW not in f"{letter.body} {letter.alternatives}"


def test_a_password_chosen_by_a_link_is_told_too(user: Any, mailbox: Any):
    passwords.reset(mailed.make(MailedSecret.Purpose.RESET, "bob@example.com", user), NEW)
    assert subjects(mailbox) == ["Your password was changed"]


def test_the_owner_is_told_of_api_keys_and_never_shown_one(user: Any, mailbox: Any):
    issued = keys.create(user, name="backup")
    keys.delete(user, issued.row.pk)
    assert subjects(mailbox) == ["An API key was made", "An API key was deleted"]
    assert issued.secret not in f"{mailbox[0].body} {mailbox[0].alternatives}"


@pytest.mark.parametrize(("notices", "told"), [([], []), (["password"], ["Your password was changed"])])
def test_each_notice_can_be_switched_off(user: Any, mailbox: Any, settings: Any, notices: list[str], told: list[str]):
    settings.SIMPLE_AUTH |= {"NOTICES": notices}
    keys.create(user)
    passwords.change(user, PASSWORD, NEW)
    assert subjects(mailbox) == told
