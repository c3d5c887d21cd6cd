"""A token resumes its session until it expires, is revoked or its user is deactivated."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext

from django_simple_auth import sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.db import deferred
from django_simple_auth.exceptions import TokenExpired, TokenInvalid
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import store


def test_a_session_resumes_with_its_user(user: Any):
    issued = sessions.start(user)
    assert sessions.resume(issued.secret).user == user


def test_resuming_costs_one_query(user: Any):
    secret = sessions.start(user).secret
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert sessions.resume(secret).user.username == "bob"
    assert len(queries) == 1


def test_a_mistyped_token_costs_no_query(user: Any):
    secret = sessions.start(user).secret
    with CaptureQueriesContext(connection) as queries, pytest.raises(TokenInvalid):
        sessions.resume(secret[:-1] + "!")
    assert len(queries) == 0


def test_an_unknown_token_is_invalid(db: None):
    with pytest.raises(TokenInvalid):
        sessions.resume(token_format.generate("dsa"))


def test_an_unknown_token_costs_one_query_more(db: None, django_assert_num_queries: Any):
    with django_assert_num_queries(2), pytest.raises(TokenInvalid):
        sessions.resume(token_format.generate("dsa"))


def test_no_query_is_built_for_a_token_of_any_kind(user: Any, monkeypatch: Any):
    live, unknown = sessions.start(user).secret, token_format.generate("dsa")

    def resume_each() -> None:
        assert sessions.resume(live).user == user
        for refused in (unknown, unknown[:-1] + "!"):
            with pytest.raises(TokenInvalid):
                sessions.resume(refused)

    # Each look-up is compiled at its first use.
    resume_each()
    monkeypatch.setattr(QuerySet, "filter", None)
    monkeypatch.setattr(SQLCompiler, "as_sql", None)
    resume_each()


# Expiry


def test_an_expired_token_is_refused_and_deleted(user: Any, settings: Any, clock: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 60
    secret = sessions.start(user).secret
    clock.passes(seconds=61)
    with pytest.raises(TokenExpired):
        sessions.resume(secret)
    assert not AuthToken.objects.exists()
    with pytest.raises(TokenInvalid):
        sessions.resume(secret)


def test_lowering_the_lifetime_cuts_existing_tokens_at_once(user: Any, settings: Any, clock: Any):
    secret = sessions.start(user).secret
    clock.passes(seconds=100)
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 99
    with pytest.raises(TokenExpired):
        sessions.resume(secret)


def test_a_token_expires_when_idle_and_not_when_used(user: Any, settings: Any, clock: Any):
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": 300}
    secret = sessions.start(user).secret
    for _ in range(3):
        clock.passes(seconds=299)
        sessions.resume(secret)
        deferred.run_pending()
    clock.passes(seconds=301)
    with pytest.raises(TokenExpired):
        sessions.resume(secret)


def test_a_token_lives_its_seconds_without_time_zone_support(user: Any, settings: Any, clock: Any):
    settings.USE_TZ = False
    settings.TIME_ZONE = "Europe/Berlin"
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 7200
    secret = sessions.start(user).secret
    clock.passes(seconds=7190)
    assert sessions.resume(secret)
    clock.passes(seconds=11)
    with pytest.raises(TokenExpired):
        sessions.resume(secret)


def test_clear_expired_deletes_in_batches(user: Any, settings: Any, clock: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 60
    for _ in range(5):
        sessions.start(user)
    clock.passes(seconds=61)
    alive = sessions.start(user)
    assert sessions.count_expired() == 5
    assert list(sessions.clear_expired(batch_size=2)) == [2, 2, 1]
    assert AuthToken.objects.get() == alive.row


# The last use


def test_last_use_is_written_at_most_once_a_minute(user: Any, clock: Any):
    secret = sessions.start(user).secret
    writes = []
    for _ in range(8):
        clock.passes(seconds=20)
        with CaptureQueriesContext(connection) as queries:
            sessions.resume(secret)
            deferred.run_pending()
        writes.append(len(queries) - 1)
    assert writes == [0, 0, 1, 0, 0, 1, 0, 0]


def test_recording_a_use_revives_no_ended_token(user: Any, clock: Any):
    issued = sessions.start(user)
    clock.passes(minutes=2)
    sessions.end(issued.row)
    store.record_use(issued.row, system_clock.now())
    deferred.run_pending()
    assert not AuthToken.objects.exists()


def test_inside_a_transaction_the_use_is_recorded_later(user: Any, clock: Any):
    row = sessions.start(user)
    clock.passes(minutes=2)
    with CaptureQueriesContext(connection) as queries:
        sessions.resume(row.secret)
    assert len(queries) == 1
    deferred.run_pending()
    assert AuthToken.objects.get().last_used_at > row.row.last_used_at


def test_a_use_that_cannot_be_recorded_is_logged(user: Any, clock: Any, monkeypatch: Any, caplog: Any):
    issued = sessions.start(user)

    def locked(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr("django.db.models.query.QuerySet.update", locked)
    clock.passes(minutes=2)
    assert sessions.resume(issued.secret).user == user
    deferred.run_pending()
    assert "could not be recorded" in caplog.text


# Deactivated users


def test_deactivation_is_noticed_whatever_is_saved(user: Any):
    sessions.start(user)
    user.is_active = False
    user.save(update_fields=["last_name"])
    assert not AuthToken.objects.exists()


def test_a_user_deactivated_by_update_is_logged_out(user: Any):
    secret = sessions.start(user).secret
    get_user_model().objects.update(is_active=False)
    with pytest.raises(TokenInvalid):
        sessions.resume(secret)
    assert not AuthToken.objects.exists()


def test_reactivation_revives_no_token(user: Any):
    secret = sessions.start(user).secret
    user.is_active = False
    user.save()
    with pytest.raises(TokenInvalid):
        sessions.resume(secret)
    user.is_active = True
    user.save()
    with pytest.raises(TokenInvalid):
        sessions.resume(secret)
