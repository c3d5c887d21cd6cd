"""What a log and the host hear of what happens to accounts, and what they must never hear."""

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
def told(caplog: Any) -> Iterator[Any]:
    """Asks for what was logged since the last time, as a JSON log would show it: ``(event, user, facts)``."""
    caplog.set_level(logging.INFO, "django_simple_auth.security")

    def ask() -> list[tuple[str, str | None, dict[str, Any]]]:
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

    return ask


def log_in(client: Any, username: str = "bob", password: str = PASSWORD) -> Any:
    response = client.post(f"{API}/login/", {"username": username, "password": password})
    client.token = response.json().get("token")
    return response


def test_a_registration_a_login_and_a_logout_are_told(client: Any, db: None, told: Any):
    client.post(f"{API}/register/", {"username": "bob", "email": "bob@example.com", "password": PASSWORD})
    user = str(User.objects.get().pk)
    assert told() == [("user_created", user, {})]
    log_in(client)
    session = AuthToken.objects.get().pk
    facts = {"session": session, "device": "", "ip_address": "127.0.0.1"}
    assert told() == [("authn_login_success", user, facts)]
    client.post(f"{API}/logout/")
    assert told() == [("authn_token_revoked", user, {"session": session, "cause": "logout"})]


def test_what_a_device_calls_itself_is_told_without_what_would_break_a_log(user: Any, told: Any):
    sessions.start(user, device="curl\r\nuser_deleted:1" + "x" * 500, ip_address="192.0.2.1")
    ((_event, _user, facts),) = told()
    assert facts["device"] == "curluser_deleted:1" + "x" * 282


def test_the_end_of_all_sessions_is_told_once_with_their_number(client: Any, user: Any, told: Any):
    sessions.start(user)
    log_in(client)
    told()
    client.post(f"{API}/logout/all/")
    assert told() == [("authn_token_revoked", str(user.pk), {"count": 2, "cause": "logout"})]


def test_what_had_ended_already_is_not_told_again(user: Any, told: Any):
    issued = sessions.start(user)
    sessions.end(issued.row)
    told()
    sessions.end(issued.row)
    sessions.end_all(user)
    assert told() == []


def test_a_login_that_makes_room_for_another_is_told(user: Any, settings: Any, told: Any):
    settings.SIMPLE_AUTH = {"MAX_TOKENS_PER_USER": 1}
    first = sessions.start(user)
    told()
    second = sessions.start(user)
    assert told() == [
        ("authn_login_success", str(user.pk), {"session": second.row.pk, "device": "", "ip_address": ""}),
        ("authn_token_revoked", str(user.pk), {"session": first.row.pk, "cause": "limit"}),
    ]


def test_a_deactivation_that_ends_sessions_is_told(user: Any, told: Any):
    sessions.start(user)
    told()
    user.is_active = False
    user.save()
    user.save()
    assert told() == [("authn_token_revoked", str(user.pk), {"count": 1, "cause": "deactivation"})]


def test_logging_in_without_a_token_is_told(user: Any, told: Any):
    presence.start(user)
    assert told() == [("authn_login_success", str(user.pk), {})]


@pytest.mark.parametrize("name", ["bob", STRANGER, PASSWORD])
def test_a_refused_login_is_told_under_a_digest_that_is_the_same_for_every_spelling(
    client: Any, user: Any, told: Any, settings: Any, name: str
):
    log_in(client, name, "wrong")
    log_in(client, name.upper(), "wrong")
    first, second = told()
    assert first == second
    assert first[:2] == ("authn_login_fail", None)
    assert set(first[2]) == {"name", "code"}
    assert name not in str(first)
    settings.SECRET_KEY = "another"
    log_in(client, name, "wrong")
    assert told() != [first]


def test_a_contract_that_names_causes_has_them_told(client: Any, user: Any, told: Any):
    User.objects.update(is_active=False)
    client.post("/contracts/email/users/login/", {"email": "bob@example.com", "password": PASSWORD})
    ((_event, _user, facts),) = told()
    assert facts["code"] == "account_disabled"


def test_an_exceeded_limit_is_told_with_its_scope(client: Any, user: Any, settings: Any, told: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login_account": "1/min", "register": "1/min"}}
    log_in(client, STRANGER)
    told()
    assert log_in(client, STRANGER).status_code == 429
    assert told() == [("excess_rate_limit_exceeded", None, {"scope": "login_account"})]
    assert [client.post(f"{API}/register/", {}).status_code for _ in range(2)] == [400, 429]
    assert told() == [("excess_rate_limit_exceeded", None, {"scope": "register"})]


def test_a_limit_without_a_request_is_told_too(settings: Any, told: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"any": "1/min"}}
    attempts.hit("any")
    with pytest.raises(TooManyAttempts):
        attempts.hit("any")
    assert told() == [("excess_rate_limit_exceeded", None, {"scope": "any"})]


def test_the_record_says_where_the_request_came_from(client: Any, user: Any, caplog: Any):
    caplog.set_level(logging.INFO, "django_simple_auth.security")
    log_in(client)
    (record,) = (record for record in caplog.records if record.name == "django_simple_auth.security")
    assert record.ip_address == "127.0.0.1"


@pytest.mark.parametrize("atomic", [False, True], ids=["autocommit", "ATOMIC_REQUESTS"])
def test_what_a_receiver_writes_about_a_refused_request_stays(
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


def test_a_receiver_that_fails_is_logged_and_keeps_nobody_from_hearing(caplog: Any):
    event = AccountSignal("test")
    heard = []

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("host's receiver")

    def hear(user: Any, request: Any, number: int, **kwargs: Any) -> None:
        heard.append((user, request, number))

    event.connect(fail)
    event.connect(hear)
    event.send(number=7)
    assert heard == [(None, None, 7)]
    assert "host's receiver" in caplog.text


def test_an_event_inside_a_transaction_is_told_at_once(transactional_db: None, told: Any):
    with transaction.atomic():
        sessions.start(User.objects.create_user("bob"))
        transaction.set_rollback(True)
    assert [name for name, *_ in told()] == ["authn_login_success"]


def test_the_end_of_one_session_is_told_by_its_id(client: Any, user: Any, told: Any):
    log_in(client)
    other = sessions.start(user).row.pk
    told()
    client.send("DELETE", f"{API}/sessions/{other}/")
    client.send("DELETE", f"{API}/sessions/{other}/")
    assert told() == [("authn_token_revoked", str(user.pk), {"session": other, "cause": "user"})]


def test_a_rotation_and_a_replay_are_told(client: Any, user: Any, told: Any):
    log_in(client)
    told()
    client.post(f"{API}/token/rotate/")
    facts = {"session": AuthToken.objects.get().pk}
    assert told() == [("session_renewed", str(user.pk), facts)]
    client.get(f"{API}/me/")
    deferred.run_pending()
    assert told() == []
    RetiredToken.objects.update(retired_at=system_clock.now() - timedelta(seconds=11))
    client.get(f"{API}/me/")
    deferred.run_pending()
    assert told() == [("authn_token_reuse", str(user.pk), facts)]


def test_a_change_and_the_end_of_an_account_are_told(client: Any, user: Any, told: Any):
    log_in(client)
    told()
    client.send("PATCH", f"{API}/me/", {"username": STRANGER, "first_name": "Robert", "last_name": ""})
    client.send("PATCH", f"{API}/me/", {"first_name": "Robert"})
    client.send("DELETE", f"{API}/me/", {"current_password": "wrong"})
    client.send("DELETE", f"{API}/me/", {"current_password": PASSWORD})
    assert told() == [
        ("user_updated", str(user.pk), {"fields": "first_name username"}),
        ("authn_password_change_fail", str(user.pk), {}),
        ("user_deleted", str(user.pk), {}),
    ]
