"""What signals and log records carry, and the secrets that they never carry."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from django_simple_auth import presence, sessions, signals
from django_simple_auth.db import clock as system_clock
from django_simple_auth.db import deferred
from django_simple_auth.exceptions import TooManyAttempts
from django_simple_auth.models import AuthToken, Presence, RetiredToken
from django_simple_auth.signals import AccountSignal
from django_simple_auth.throttling import attempts
from tests.support.client import PASSWORD

API = "/api/auth"
User = get_user_model()
STRANGER = "canary-stranger@example.com"


@pytest.fixture
def sent(caplog: Any) -> Iterator[Any]:
    """Call it for the records since the last call, as a JSON log would show them: ``(event, user, facts)``."""
    caplog.set_level(logging.INFO, "django_simple_auth.security")

    def records() -> list[tuple[str, str | None, dict[str, Any]]]:
        found = []
        for record in caplog.records:
            if record.name != "django_simple_auth.security":
                continue
            extra = {
                name: vars(record)[name] for name in ("event", "user_id", "facts", "ip_address") if name in vars(record)
            }
            text = json.dumps(extra) + record.getMessage()
            for canary in (PASSWORD, STRANGER, "dsa_", "dsk_"):
                assert canary not in text
            found.append((extra["event"], extra["user_id"], extra["facts"]))
        caplog.clear()
        return found

    return records


def log_in(client: Any, username: str = "bob", password: str = PASSWORD) -> Any:
    response = client.post(f"{API}/login/", {"username": username, "password": password})
    client.token = response.json().get("token")
    return response


def test_registration_login_and_logout_are_sent(client: Any, db: None, sent: Any):
    client.post(f"{API}/register/", {"username": "bob", "email": "bob@example.com", "password": PASSWORD})
    user = str(User.objects.get().pk)
    assert sent() == [("user_created", user, {})]
    log_in(client)
    session = AuthToken.objects.get().pk
    facts = {"session": session, "device": "", "ip_address": "127.0.0.1"}
    assert sent() == [("authn_login_success", user, facts)]
    client.post(f"{API}/logout/")
    assert sent() == [("authn_token_revoked", user, {"session": session, "cause": "logout"})]


def test_a_device_name_is_sent_short_and_printable(user: Any, sent: Any):
    sessions.start(user, device="curl\r\nuser_deleted:1" + "x" * 500, ip_address="192.0.2.1")
    ((_event, _user, facts),) = sent()
    assert facts["device"] == "curluser_deleted:1" + "x" * 282


def test_ending_all_sessions_is_sent_once_with_the_count(client: Any, user: Any, sent: Any):
    sessions.start(user)
    log_in(client)
    sent()
    client.post(f"{API}/logout/all/")
    assert sent() == [("authn_token_revoked", str(user.pk), {"count": 2, "cause": "logout"})]


def test_an_ended_session_is_not_sent_again(user: Any, sent: Any):
    issued = sessions.start(user)
    sessions.end(issued.row)
    sent()
    sessions.end(issued.row)
    sessions.end_all(user)
    assert sent() == []


def test_a_session_ended_by_the_limit_is_sent(user: Any, settings: Any, sent: Any):
    settings.SIMPLE_AUTH = {"MAX_TOKENS_PER_USER": 1}
    first = sessions.start(user)
    sent()
    second = sessions.start(user)
    assert sent() == [
        ("authn_login_success", str(user.pk), {"session": second.row.pk, "device": "", "ip_address": ""}),
        ("authn_token_revoked", str(user.pk), {"session": first.row.pk, "cause": "limit"}),
    ]


def test_a_deactivation_that_ends_sessions_is_sent(user: Any, sent: Any):
    sessions.start(user)
    sent()
    user.is_active = False
    user.save()
    user.save()
    assert sent() == [("authn_token_revoked", str(user.pk), {"count": 1, "cause": "deactivation"})]


def test_a_login_without_a_token_is_sent(user: Any, sent: Any):
    presence.start(user)
    assert sent() == [("authn_login_success", str(user.pk), {})]


@pytest.mark.parametrize("name", ["bob", STRANGER, PASSWORD])
def test_a_failed_login_is_sent_with_a_digest_of_the_name(client: Any, user: Any, sent: Any, settings: Any, name: str):
    log_in(client, name, "wrong")
    log_in(client, name.upper(), "wrong")
    first, second = sent()
    assert first == second
    assert first[:2] == ("authn_login_fail", None)
    assert set(first[2]) == {"name", "code"}
    assert name not in str(first)
    settings.SECRET_KEY = "another"
    log_in(client, name, "wrong")
    assert sent() != [first]


def test_a_contract_that_discloses_the_cause_sends_it(client: Any, user: Any, sent: Any):
    User.objects.update(is_active=False)
    client.post("/contracts/email/users/login/", {"email": "bob@example.com", "password": PASSWORD})
    ((_event, _user, facts),) = sent()
    assert facts["code"] == "account_disabled"


def test_an_exceeded_limit_is_sent_with_its_scope(client: Any, user: Any, settings: Any, sent: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login_account": "1/min", "register": "1/min"}}
    log_in(client, STRANGER)
    sent()
    assert log_in(client, STRANGER).status_code == 429
    assert sent() == [("excess_rate_limit_exceeded", None, {"scope": "login_account"})]
    assert [client.post(f"{API}/register/", {}).status_code for _ in range(2)] == [400, 429]
    assert sent() == [("excess_rate_limit_exceeded", None, {"scope": "register"})]


def test_a_limit_without_a_request_is_sent(settings: Any, sent: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"any": "1/min"}}
    attempts.hit("any")
    with pytest.raises(TooManyAttempts):
        attempts.hit("any")
    assert sent() == [("excess_rate_limit_exceeded", None, {"scope": "any"})]


def test_the_log_record_has_the_ip_address(client: Any, user: Any, caplog: Any):
    caplog.set_level(logging.INFO, "django_simple_auth.security")
    log_in(client)
    (record,) = (record for record in caplog.records if record.name == "django_simple_auth.security")
    assert record.ip_address == "127.0.0.1"


@pytest.mark.parametrize("atomic", [False, True], ids=["autocommit", "ATOMIC_REQUESTS"])
def test_a_receivers_writes_survive_a_refused_request(
    client: Any, transactional_db: None, monkeypatch: Any, atomic: bool
):
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", atomic)
    user = User.objects.create_user("bob")

    def write_down(request: Any, **kwargs: Any) -> None:
        assert request.path == f"{API}/login/"
        assert not connection.in_atomic_block
        presence.start(user)

    signals.login_failed.connect(write_down)
    try:
        assert log_in(client, "nobody").status_code == 400
    finally:
        signals.login_failed.disconnect(write_down)
    assert Presence.objects.exists()


def test_a_failing_receiver_is_logged_and_others_still_run(caplog: Any):
    event = AccountSignal("test")
    received = []

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("project's receiver")

    def receive(user: Any, request: Any, number: int, **kwargs: Any) -> None:
        received.append((user, request, number))

    event.connect(fail)
    event.connect(receive)
    event.send(number=7)
    assert received == [(None, None, 7)]
    assert "project's receiver" in caplog.text


def test_inside_a_transaction_a_signal_is_sent_immediately(transactional_db: None, sent: Any):
    with transaction.atomic():
        sessions.start(User.objects.create_user("bob"))
        transaction.set_rollback(True)
    assert [name for name, *_ in sent()] == ["authn_login_success"]


def test_ending_one_session_is_sent_with_its_id(client: Any, user: Any, sent: Any):
    log_in(client)
    other = sessions.start(user).row.pk
    sent()
    client.send("DELETE", f"{API}/sessions/{other}/")
    client.send("DELETE", f"{API}/sessions/{other}/")
    assert sent() == [("authn_token_revoked", str(user.pk), {"session": other, "cause": "user"})]


def test_a_rotation_and_a_reuse_are_sent(client: Any, user: Any, sent: Any):
    log_in(client)
    sent()
    client.post(f"{API}/token/rotate/")
    facts = {"session": AuthToken.objects.get().pk}
    assert sent() == [("session_renewed", str(user.pk), facts)]
    client.get(f"{API}/me/")
    deferred.run_pending()
    assert sent() == []
    RetiredToken.objects.update(retired_at=system_clock.now() - timedelta(seconds=11))
    client.get(f"{API}/me/")
    deferred.run_pending()
    assert sent() == [("authn_token_reuse", str(user.pk), facts)]


def test_an_update_and_a_deletion_are_sent(client: Any, user: Any, sent: Any):
    log_in(client)
    sent()
    client.send("PATCH", f"{API}/me/", {"username": STRANGER, "first_name": "Robert", "last_name": ""})
    client.send("PATCH", f"{API}/me/", {"first_name": "Robert"})
    client.send("DELETE", f"{API}/me/", {"current_password": "wrong"})
    client.send("DELETE", f"{API}/me/", {"current_password": PASSWORD})
    assert sent() == [
        ("user_updated", str(user.pk), {"fields": "first_name username"}),
        ("authn_password_change_fail", str(user.pk), {}),
        ("user_deleted", str(user.pk), {}),
    ]
