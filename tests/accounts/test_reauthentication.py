"""Reauthentication with any evidence. For the current password, see test_passwords.py and test_deletion.py."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Q

from django_simple_auth import accounts, sessions, signals
from django_simple_auth.accounts import emails, passwords, reauthentication
from django_simple_auth.accounts.reauthentication import CurrentPassword
from django_simple_auth.exceptions import SimpleAuthError, TooManyAttempts, WrongCurrentPassword
from django_simple_auth.models import AuthToken
from tests.support.client import PASSWORD

User = get_user_model()
NEW = "canary-Battery-Staple-8"


class WrongCode(SimpleAuthError):
    code = "wrong_code"


@dataclass
class Code:
    """Another kind of evidence: right for its number of ``uses``, as long as the user's first name stays."""

    uses: int = 1
    error: ClassVar[type[SimpleAuthError]] = WrongCode
    calls: list[str] = field(default_factory=list)

    def verify(self, user: Any) -> Q | None:
        self.calls.append(user.first_name)
        return Q(first_name=user.first_name) if len(self.calls) <= self.uses else None


@pytest.fixture
def without_password(user: Any) -> Any:
    user.set_unusable_password()
    user.save()
    return user


def test_other_evidence_works_without_a_password(without_password: Any, mailbox: Any):
    emails.request_change(without_password, "new@example.com", Code())
    assert [message.to for message in mailbox] == [["new@example.com"]]
    passwords.change(without_password, Code(), NEW)
    assert accounts.authenticate(username="bob", password=NEW) == without_password
    accounts.delete(without_password, Code())
    assert not User.objects.exists()


def test_wrong_evidence_raises_its_own_exception(user: Any):
    received: list[Any] = []

    def receive(user: Any, **kwargs: Any) -> None:
        received.append(user)

    signals.reauthentication_failed.connect(receive)
    try:
        with pytest.raises(WrongCode):
            accounts.delete(user, Code(uses=0))
    finally:
        signals.reauthentication_failed.disconnect(receive)
    assert received == [user]
    assert User.objects.exists()


def test_a_string_is_the_current_password(user: Any):
    assert reauthentication.reauthenticate(user, PASSWORD).evidence == CurrentPassword(PASSWORD)
    with pytest.raises(WrongCurrentPassword):
        reauthentication.reauthenticate(user, CurrentPassword("wrong"))


def test_all_evidence_is_throttled_before_it_is_checked(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"current_password": "1/min"}}
    code = Code()
    reauthentication.reauthenticate(user, PASSWORD)
    with pytest.raises(TooManyAttempts):
        reauthentication.reauthenticate(user, code)
    assert code.calls == []


def test_evidence_must_still_hold_when_the_change_is_made(user: Any):
    code = Code(uses=1)
    reauthenticated = reauthentication.reauthenticate(user, code)
    User.objects.update(first_name="Eve")
    with pytest.raises(WrongCode):
        reauthenticated.act(user.delete)
    assert code.calls == ["", "Eve"]
    assert User.objects.exists()


def test_evidence_is_verified_again_if_the_row_changed(user: Any):
    code = Code(uses=2)
    reauthenticated = reauthentication.reauthenticate(user, code)
    User.objects.update(first_name="Robert")
    assert reauthenticated.act(lambda: "done") == "done"
    assert code.calls == ["", "Robert"]


def test_an_account_that_was_deleted_meanwhile_is_not_changed(user: Any):
    reauthenticated = reauthentication.reauthenticate(user, PASSWORD)
    User.objects.all().delete()
    with pytest.raises(WrongCurrentPassword):
        reauthenticated.act(user.save)
    assert not User.objects.exists()


def test_evidence_does_not_show_the_password():
    assert PASSWORD not in repr(CurrentPassword(PASSWORD))


def test_a_refused_change_leaves_every_session(user: Any):
    sessions.start(user)
    with pytest.raises(WrongCode):
        passwords.change(user, Code(uses=0), NEW)
    assert AuthToken.objects.count() == 1
