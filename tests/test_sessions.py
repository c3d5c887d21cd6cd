"""Sessions, without HTTP: how they start, end and are listed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import IntegrityError

from django_simple_auth import sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.db import deferred
from django_simple_auth.exceptions import InvalidCredentials, SessionNotFound, TokenInvalid
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import issuing


@pytest.fixture
def heard() -> Any:
    """The names of the login signals sent, with their users."""
    sent = []

    def logged_in(user: Any, request: Any, **kwargs: Any) -> None:
        sent.append(("in", user, request))

    def logged_out(user: Any, request: Any, **kwargs: Any) -> None:
        sent.append(("out", user, request))

    user_logged_in.connect(logged_in)
    user_logged_out.connect(logged_out)
    yield sent
    user_logged_in.disconnect(logged_in)
    user_logged_out.disconnect(logged_out)


# Starting


def test_each_login_has_a_token_of_its_own(user: Any):
    first, second = sessions.start(user), sessions.start(user)
    sessions.end(first.row)
    with pytest.raises(TokenInvalid):
        sessions.resume(first.secret)
    assert sessions.resume(second.secret)


def test_a_login_sends_user_logged_in(user: Any, heard: Any, rf: Any):
    request = rf.get("/")
    sessions.start(user, request)
    assert heard == [("in", user, request)]
    assert isinstance(get_user_model().objects.get().last_login, datetime)


@pytest.mark.parametrize(
    ("device", "kept"),
    [
        ("phone", "phone"),
        (" a\r\nb\0c\x1b[31m\u202e\u2028\ud800d ", "abc[31md"),
        ("x" * 101, "x" * 100),
        ("Käthes Häuschen 🏠", "Käthes Häuschen 🏠"),
    ],
)
def test_a_device_name_is_cleaned_and_cut(user: Any, device: str, kept: str):
    sessions.start(user, device=device, ip_address="f" * 46)
    (session,) = sessions.active(user)
    assert (session.device, session.ip_address) == (kept, "f" * 45)


def test_above_the_limit_the_oldest_login_ends(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"MAX_TOKENS_PER_USER": 2}
    key = issuing.issue(user, AuthToken.Purpose.KEY)
    other = sessions.start(get_user_model().objects.create_user("eve"))
    started = [sessions.start(user) for _ in range(4)]
    for issued in started[:2]:
        with pytest.raises(TokenInvalid):
            sessions.resume(issued.secret)
    for issued in [*started[2:], key, other]:
        assert sessions.resume(issued.secret)


def test_a_user_deactivated_while_logging_in_gets_no_token(user: Any):
    checked = get_user_model().objects.get()
    user.is_active = False
    user.save()
    with pytest.raises(InvalidCredentials):
        sessions.start(checked)
    assert not AuthToken.objects.exists()


def test_a_user_deleted_while_logging_in_gets_no_token(transactional_db: None):
    user = get_user_model().objects.create_user("bob")
    get_user_model().objects.filter(pk=user.pk).delete()
    with pytest.raises(InvalidCredentials):
        sessions.start(user)
    assert not AuthToken.objects.exists()


def test_other_integrity_errors_are_raised(transactional_db: None):
    user = get_user_model().objects.create_user("bob")

    def break_something(**kwargs: Any) -> None:
        raise IntegrityError("a project's own")

    user_logged_in.connect(break_something)
    try:
        with pytest.raises(IntegrityError, match="a project's own"):
            sessions.start(user)
    finally:
        user_logged_in.disconnect(break_something)
    assert not AuthToken.objects.exists()


def test_a_receiver_that_fails_leaves_no_token_behind(transactional_db: None):
    user = get_user_model().objects.create_user("bob")

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("a project's receiver")

    user_logged_in.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            sessions.start(user)
    finally:
        user_logged_in.disconnect(fail)
    assert not AuthToken.objects.exists()


# Ending


def test_ending_a_session_sends_user_logged_out(user: Any, heard: Any):
    issued = sessions.start(user)
    sessions.end(issued.row)
    sessions.end_all(user)
    assert [name for name, *_ in heard] == ["in", "out", "out"]


def test_ending_a_session_twice_is_no_error(user: Any):
    issued = sessions.start(user)
    sessions.end(issued.row)
    sessions.end(issued.row)


def test_ending_all_spares_other_users_and_api_keys(user: Any):
    other = get_user_model().objects.create_user("eve")
    sessions.start(user)
    sessions.start(user)
    kept = {sessions.start(other).row.pk, issuing.issue(user, AuthToken.Purpose.KEY).row.pk}
    sessions.end_all(user)
    assert set(AuthToken.objects.values_list("pk", flat=True)) == kept


def test_one_session_is_ended_by_its_id(user: Any, heard: Any):
    kept, ended = sessions.start(user), sessions.start(user)
    heard.clear()
    sessions.end_one(user, ended.row.pk)
    assert [name for name, *_ in heard] == ["out"]
    assert AuthToken.objects.get() == kept.row
    with pytest.raises(SessionNotFound):
        sessions.end_one(user, ended.row.pk)


@pytest.mark.parametrize("whose", ["another's", "a key's", "unknown", "no integer of the database's"])
def test_only_the_users_own_session_can_be_ended(user: Any, whose: str):
    other = sessions.start(get_user_model().objects.create_user("eve")).row.pk
    key = issuing.issue(user, AuthToken.Purpose.KEY).row.pk
    ids = {"another's": other, "a key's": key, "unknown": 0}
    with pytest.raises(SessionNotFound):
        sessions.end_one(user, ids.get(whose, 10**40))
    assert AuthToken.objects.count() == 2


# Listing


def test_sessions_are_listed_most_recently_used_first(user: Any, clock: Any, settings: Any):
    first = sessions.start(user, device="Bob's phone", ip_address="203.0.113.9")
    clock.passes(minutes=1)
    second = sessions.start(user)
    clock.passes(minutes=5)
    deferred.run_pending()
    sessions.resume(first.secret)
    deferred.run_pending()
    listed = sessions.active(user, second.row)
    assert [(session.id, session.device, session.ip_address, session.current) for session in listed] == [
        (first.row.pk, "Bob's phone", "203.0.113.9", False),
        (second.row.pk, "", "", True),
    ]
    assert listed[0].created_at == first.row.created_at
    assert listed[0].last_used_at - first.row.created_at >= timedelta(minutes=6)
    assert listed[0].expires_at == first.row.expires_at


def test_only_live_sessions_of_the_user_are_listed(user: Any, clock: Any, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 60
    sessions.start(user)
    clock.passes(seconds=61)
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    AuthToken.objects.update(expires_at=system_clock.now())
    sessions.start(get_user_model().objects.create_user("eve"))
    issuing.issue(user, AuthToken.Purpose.KEY)
    alive = sessions.start(user)
    assert [(session.id, session.expires_at) for session in sessions.active(user)] == [(alive.row.pk, None)]


def test_a_session_shows_when_it_expires_unused(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": 300}
    row = sessions.start(user).row
    (session,) = sessions.active(user)
    assert session.expires_at == row.last_used_at + timedelta(seconds=300)
