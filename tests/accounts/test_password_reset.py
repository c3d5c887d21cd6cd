"""Reset a password with a link from an e-mail."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import sessions, signals
from django_simple_auth.accounts import passwords
from django_simple_auth.exceptions import (
    AccountInactive,
    EmailMissing,
    LinkInvalid,
    PasswordResetUnavailable,
    UnusablePassword,
)
from django_simple_auth.models import AuthToken, Identifier, OneTimeToken
from django_simple_auth.tokens import issuing, links
from tests.support.accounts import can_log_in
from tests.support.client import PASSWORD
from tests.support.messages import secret_in
from tests.support.passwords import (
    NEW,
)

User = get_user_model()


Purpose = OneTimeToken.Purpose


API = "/api/auth"


def request_reset(client: Any, email: str = "bob@example.com") -> Any:
    return client.post(f"{API}/password/reset/", {"email": email})


def request_token(client: Any, mailbox: Any) -> str:
    request_reset(client)
    return secret_in(mailbox[-1])


def reset(client: Any, token: str, password: str = NEW) -> Any:
    return client.post(f"{API}/password/reset/confirm/", {"token": token, "new_password": password})


def test_a_reset_link_works_once_and_ends_all_tokens(client: Any, user: Any, mailbox: Any):
    sessions.start(user)
    issuing.issue(user, AuthToken.Purpose.KEY)
    token = request_token(client, mailbox)
    assert reset(client, token).status_code == 204
    assert (can_log_in(PASSWORD), can_log_in(NEW)) == (False, True)
    assert not AuthToken.objects.exists()
    again = reset(client, token, "canary-Another-One-9")
    assert again.status_code == 400
    assert again.json() == {"token": ["This link is invalid or has expired."]}
    assert can_log_in(NEW)


def test_only_the_newest_reset_link_works(client: Any, user: Any, mailbox: Any):
    first, second = request_token(client, mailbox), request_token(client, mailbox)
    assert reset(client, first).status_code == 400
    assert reset(client, second).status_code == 204


def test_the_email_goes_to_the_stored_address(client: Any, user: Any, mailbox: Any):
    request_reset(client, "ＢＯＢ@EXAMPLE.com")
    assert [message.to for message in mailbox] == [["bob@example.com"]] * len(mailbox)
    request_reset(client, "BOB@EXAMPLE.com")
    assert mailbox[-1].to == ["bob@example.com"]


def test_a_weak_password_does_not_use_up_the_link(client: Any, user: Any, mailbox: Any):
    token = request_token(client, mailbox)
    response = reset(client, token, "123")
    assert response.status_code == 400
    assert set(response.json()) == {"new_password"}
    assert reset(client, token).status_code == 204


@pytest.mark.parametrize("case", ["unknown", "inactive", "unusable password", "known"])
def test_a_request_has_one_answer_and_one_cost(client: Any, user: Any, mailbox: Any, monkeypatch: Any, case: str):
    from django_simple_auth.mail import delivery

    if case == "inactive":
        User.objects.update(is_active=False)
    elif case == "unusable password":
        User.objects.update(password=make_password(None))
    handed: list[Any] = []
    monkeypatch.setattr(delivery, "_hand_over", lambda *message: handed.append(message))
    with CaptureQueriesContext(connection) as queries:
        response = request_reset(client, "nobody@example.com" if case == "unknown" else "bob@example.com")
    assert (response.status_code, response.content, len(queries)) == (204, b"", 1)
    assert [message[:4] for message in handed] == [("reset", str(user.pk) if case == "known" else "", "", "en-us")]


def test_a_request_is_logged_without_unknown_addresses(client: Any, user: Any, mailbox: Any, caplog: Any):
    with caplog.at_level("INFO"):
        request_reset(client, "nobody@example.com")
        request_reset(client)
    records = [
        record for record in caplog.records if getattr(record, "event", "") == signals.password_reset_requested.name
    ]
    assert [record.user_id for record in records] == [None, str(user.pk)]
    assert "nobody@" not in caplog.text


def test_send_reset_is_for_a_user_and_not_an_address(user: Any, mailbox: Any, caplog: Any):
    # Another account has this address: a request for the address would send a link for that account.
    twin = User.objects.create_user("twin", "bob@example.com", PASSWORD)
    with caplog.at_level("INFO"):
        passwords.send_reset(twin)
    assert [message.to for message in mailbox] == [["bob@example.com"]]
    assert passwords.reset(secret_in(mailbox[0]), NEW) == twin
    assert [
        record.user_id
        for record in caplog.records
        if getattr(record, "event", "") == signals.password_reset_requested.name
    ] == [str(twin.pk)]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"is_active": False}, AccountInactive),
        ({"password": make_password(None)}, UnusablePassword),
        ({"email": ""}, EmailMissing),
    ],
)
def test_send_reset_raises_why_nothing_can_be_sent(
    user: Any, mailbox: Any, caplog: Any, change: Any, cause: type[PasswordResetUnavailable]
):
    User.objects.update(**change)
    user.refresh_from_db()
    with caplog.at_level("INFO"), pytest.raises(cause):
        passwords.send_reset(user)
    assert (mailbox, caplog.records) == ([], [])


def test_a_disabled_account_cannot_use_an_older_link(client: Any, user: Any, mailbox: Any):
    token = request_token(client, mailbox)
    User.objects.update(is_active=False)
    assert reset(client, token).status_code == 400
    assert User.objects.get().check_password(PASSWORD)


def test_an_unusable_password_cannot_be_reset_by_older_link(client: Any, user: Any, mailbox: Any):
    token = request_token(client, mailbox)
    user.set_unusable_password()
    user.save()
    assert reset(client, token).status_code == 400
    assert not User.objects.get().has_usable_password()


def test_a_link_to_a_previous_address_is_invalid(client: Any, user: Any, mailbox: Any):
    token = request_token(client, mailbox)
    User.objects.update(email="new@example.com")
    assert reset(client, token).status_code == 400


def test_a_user_deleted_meanwhile_cannot_reset(user: Any, mailbox: Any, monkeypatch: Any):
    passwords.request_reset("bob@example.com")
    monkeypatch.setattr("django_simple_auth.identity.user_model.lock", lambda user, **unchanged: False)
    with pytest.raises(LinkInvalid):
        passwords.reset(secret_in(mailbox[0]), NEW)
    assert OneTimeToken.objects.exists()


def test_a_link_without_a_user_resets_nothing(db: None):
    secret = links.issue(Purpose.RESET, "bob@example.com")
    with pytest.raises(LinkInvalid):
        passwords.reset(secret, NEW)


def test_a_reset_verifies_the_email(user: Any, mailbox: Any):
    passwords.request_reset("bob@example.com")
    passwords.reset(secret_in(mailbox[0]), NEW)
    assert Identifier.objects.get(kind="email").verified_at is not None
    assert Identifier.objects.get(kind="username").verified_at is None


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("reset", "password/reset", {"email": "x@example.com"}),
        ("reset_confirm", "password/reset/confirm", {"token": "x", "new_password": "x"}),
    ],
)
def test_the_reset_endpoints_are_throttled(client: Any, db: None, settings: Any, scope: str, path: str, body: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {scope: "1/hour"}}
    statuses = [client.post(f"{API}/{path}/", body).status_code for _ in range(2)]
    assert statuses[1] == 429


def test_neither_token_nor_password_is_logged(client: Any, user: Any, mailbox: Any, caplog: Any):
    with caplog.at_level("DEBUG"):
        token = request_token(client, mailbox)
        reset(client, token, "123")
        reset(client, token)
    assert token not in caplog.text
    assert NEW not in caplog.text
