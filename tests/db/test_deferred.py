"""What a refused request wrote stays written, with ATOMIC_REQUESTS and without."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.urls import path

from django_simple_auth import presence, sessions, signals
from django_simple_auth.contracts import native
from django_simple_auth.db import clock as system_clock
from django_simple_auth.db import deferred
from django_simple_auth.exceptions import TokenExpired
from django_simple_auth.models import AuthToken, Presence, RetiredToken
from tests.support.client import PASSWORD


@pytest.fixture(params=[False, True], ids=["autocommit", "ATOMIC_REQUESTS"])
def _atomic_requests(request: Any, transactional_db: None, monkeypatch: Any) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", request.param)


@pytest.mark.usefixtures("_atomic_requests")
@pytest.mark.parametrize("path", ["/api/auth/me/", "/api/auth/whoami/"])
def test_an_expired_tokens_row_is_gone_after_the_refusal(path: str):
    from django.test import Client

    secret = sessions.start(get_user_model().objects.create_user("bob")).secret
    AuthToken.objects.update(expires_at=system_clock.now())
    response = Client().get(path, HTTP_AUTHORIZATION=f"Token {secret}")
    assert (response.status_code, response.json()["detail"]) == (401, "The token has expired.")
    assert not AuthToken.objects.exists()


@pytest.mark.usefixtures("_atomic_requests")
@pytest.mark.parametrize("path", ["/api/auth/me/", "/api/auth/whoami/"])
def test_a_reused_tokens_session_stays_ended(path: str):
    from django.test import Client

    user = get_user_model().objects.create_user("bob")
    issued = sessions.start(user)
    secret = issued.secret
    sessions.rotate(issued.row)
    RetiredToken.objects.update(retired_at=system_clock.now() - timedelta(seconds=11))
    ended = []

    def write_down(user: Any, session: int, **kwargs: Any) -> None:
        ended.append(session)
        presence.start(user)

    signals.token_reused.connect(write_down)
    try:
        for _ in range(2):
            response = Client().get(path, HTTP_AUTHORIZATION=f"Token {secret}")
            assert (response.status_code, response.json()["detail"]) == (401, "Invalid token.")
    finally:
        signals.token_reused.disconnect(write_down)
    assert not AuthToken.objects.exists()
    assert ended == [issued.row.pk]
    assert Presence.objects.get().user == user


@pytest.mark.usefixtures("_atomic_requests")
def test_a_refused_registration_leaves_nothing(client: Any):
    body = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}
    assert client.post("/api/auth/register/", body).status_code == 201
    assert client.post("/api/auth/login/", body).status_code == 200
    assert client.post("/api/auth/register/", {**body, "username": "eve"}).status_code == 400
    assert get_user_model().objects.count() == AuthToken.objects.count() == 1


class Wrapped:
    """A transaction that a project wraps around our views, hiding their attributes."""

    def __init__(self, view: Any) -> None:
        self.view = view

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            return self.view(*args, **kwargs)


def test_a_transaction_around_our_views_undoes_nothing(transactional_db: None, settings: Any):
    from django.test import Client

    views = {pattern.name: pattern for pattern in native.contract.urls if pattern.name in {"me", "login"}}
    settings.ROOT_URLCONF = tuple(path(name, Wrapped(pattern.callback)) for name, pattern in views.items())
    secret = sessions.start(get_user_model().objects.create_user("bob", password=PASSWORD)).secret
    AuthToken.objects.update(expires_at=system_clock.now())
    response = Client().get("/me", HTTP_AUTHORIZATION=f"Token {secret}")
    assert (response.status_code, response.json()["detail"]) == (401, "The token has expired.")
    assert not AuthToken.objects.exists()
    for password, status in [("wrong", 400), (PASSWORD, 200)]:
        body = {"username": "bob", "password": password}
        assert Client().post("/login", body, content_type="application/json").status_code == status
    assert AuthToken.objects.count() == 1


def test_outside_a_transaction_nothing_is_deferred(transactional_db: None):
    writes: list[int] = []
    deferred.durably(lambda: writes.append(1), "default")
    deferred.run_pending()
    assert writes == [1]


def test_no_write_waits_for_a_transaction_of_another_thread(transactional_db: None):
    writes: list[int] = []

    def end_request_in_another_thread() -> None:
        context = copy_context()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(context.run, deferred.run_pending).result()

    with transaction.atomic():
        deferred.after_request(lambda: writes.append(1), "default")
        end_request_in_another_thread()
        assert writes == []
    end_request_in_another_thread()
    assert writes == [1]


def test_a_write_that_was_rolled_back_is_repeated_once(transactional_db: None):
    user = get_user_model().objects.create_user("bob")
    secret = sessions.start(user).secret
    AuthToken.objects.update(expires_at=system_clock.now())
    with transaction.atomic():
        with pytest.raises(TokenExpired):
            sessions.resume(secret)
        transaction.set_rollback(True)
    assert AuthToken.objects.exists()
    deferred.run_pending()
    assert not AuthToken.objects.exists()
    deferred.run_pending()
