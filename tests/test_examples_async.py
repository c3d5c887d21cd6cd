"""The examples of docs/async.md run as they would in a project."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import get_user_model
from django.test import AsyncClient, Client
from django.urls import path

from django_simple_auth import keys, sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from docs.examples.async_view import notes
from docs.examples.channels_consumer import UNAUTHENTICATED
from docs.examples.channels_consumer import Notes as NotesConsumer
from docs.examples.ninja_api import api
from docs.examples.sessions_only_admin import SessionsOnlyAdmin
from docs.examples.strawberry_schema import graphql

MIDDLEWARE = "django_simple_auth.middleware.TokenAuthenticationMiddleware"


class URLs:
    urlpatterns = [
        path("notes/", notes),
        path("ninja/", api.urls),
        path("graphql/", graphql),
        path("admin/", SessionsOnlyAdmin().urls),
    ]


@pytest.fixture(autouse=True)
def _project(settings: Any) -> None:
    settings.ROOT_URLCONF = URLs
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]


@pytest.fixture(params=[Client, AsyncClient], ids=["WSGI", "ASGI"])
def ask(request: Any) -> Callable[..., Any]:
    """Sends a request as a browser would, which has no CSRF token for it."""
    client = request.param(enforce_csrf_checks=True)

    def send(method: str, path: str, token: str | None = None, user: Any = None, **body: Any) -> Any:
        if user is not None:
            client.force_login(user)
        call = getattr(client, method)
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return (async_to_sync(call) if isinstance(client, AsyncClient) else call)(path, headers=headers, **body)

    return send


@pytest.fixture
def expired(user: Any) -> str:
    secret = sessions.start(user).secret
    AuthToken.objects.update(expires_at=system_clock.now())
    return secret


# An async view


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_async_view_accepts_a_token(ask: Any, user: Any, method: str):
    assert ask(method, "/notes/", sessions.start(user).secret).json() == {"notes_of": "bob"}


def test_the_async_view_refuses_without_a_valid_token(ask: Any, expired: str):
    for token in [None, "dsa_mistyped", expired]:
        response = ask("post", "/notes/", token)
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Token")
        assert "Authorization" in response.headers["Vary"]


def test_the_async_view_refuses_a_session_without_token(ask: Any, user: Any):
    assert ask("post", "/notes/", user=user).status_code == 401


# Django's admin


def test_the_admin_refuses_a_token_of_staff(ask: Any, db: None):
    staff = get_user_model().objects.create_superuser("ann")
    for token in [sessions.start(staff).secret, keys.create(staff).secret]:
        assert ask("get", "/admin/", token).status_code == 302
    assert ask("get", "/admin/", user=staff).status_code == 200


# Django Ninja


def test_ninja_accepts_a_token(ask: Any, user: Any):
    assert ask("get", "/ninja/notes", sessions.start(user).secret).json() == {"notes_of": "bob"}


def test_ninja_refuses_without_a_valid_token(ask: Any, expired: str):
    for token in [None, "", "dsa_mistyped", expired]:
        assert ask("get", "/ninja/notes", token).status_code == 401


@pytest.mark.parametrize(("scopes", "status"), [(["notes:read"], 200), (["notes"], 403), ([], 403)])
def test_ninja_needs_the_scope_of_a_key(ask: Any, user: Any, scopes: list[str], status: int):
    assert ask("get", "/ninja/notes", keys.create(user, scopes=scopes).secret).status_code == status


# Strawberry


def query(ask: Any, token: str | None, **more: Any) -> Any:
    body = {"data": {"query": "{ notesOf }"}, "content_type": "application/json"}
    return ask("post", "/graphql/", token, **body, **more).json()


def test_strawberry_accepts_a_token(ask: Any, user: Any):
    assert query(ask, sessions.start(user).secret) == {"data": {"notesOf": "bob"}}


def test_strawberry_refuses_without_a_valid_token(ask: Any, user: Any, expired: str):
    for answer in [query(ask, None), query(ask, expired), query(ask, None, user=user)]:
        assert answer["data"] is None
        assert answer["errors"][0]["message"] == "Authentication required."


# Channels


# A consumer closes the database's connection before each message, and a transaction of the test would end with it.
with_commits = pytest.mark.django_db(transaction=True)


class Socket(ApplicationCommunicator):
    """A WebSocket to the consumer. The one of channels.testing would need a server to be installed."""

    def __init__(self) -> None:
        super().__init__(NotesConsumer.as_asgi(), {"type": "websocket", "path": "/notes/", "headers": []})

    async def open(self) -> None:
        await self.send_input({"type": "websocket.connect"})
        assert (await self.receive_output())["type"] == "websocket.accept"

    async def answer_to(self, message: Any) -> Any:
        await self.send_input({"type": "websocket.receive", "text": json.dumps(message)})
        return await self.receive_output()

    async def close(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wait()


def in_socket(talk: Callable[[Socket], Awaitable[Any]]) -> Any:
    """Connect, talk, and return what the talk returned."""

    async def connect_and_talk() -> Any:
        socket = Socket()
        await socket.open()
        outcome = await talk(socket)
        await socket.close()
        return outcome

    return async_to_sync(connect_and_talk)()


@with_commits
def test_a_socket_accepts_a_token_as_first_message(user: Any):
    secret = sessions.start(user).secret
    answer = in_socket(lambda socket: socket.answer_to({"token": secret}))
    assert json.loads(answer["text"]) == {"notes_of": "bob"}


@with_commits
def test_a_socket_closes_when_its_session_has_ended(user: Any):
    issued = sessions.start(user)

    async def talk(socket: Socket) -> Any:
        for message in [{"token": issued.secret}, {"again": True}]:
            assert json.loads((await socket.answer_to(message))["text"]) == {"notes_of": "bob"}
        await AuthToken.objects.all().adelete()
        return await socket.answer_to({"again": True})

    assert in_socket(talk) == {"type": "websocket.close", "code": UNAUTHENTICATED, "reason": "token_invalid"}


@pytest.mark.parametrize("first", [{}, {"token": None}, {"token": 7}, {"token": "dsa_mistyped"}, [], "text", None])
def test_a_socket_closes_without_a_valid_token(first: Any):
    assert in_socket(lambda socket: socket.answer_to(first))["code"] == UNAUTHENTICATED


@with_commits
def test_a_socket_says_that_a_token_has_expired(expired: str):
    assert in_socket(lambda socket: socket.answer_to({"token": expired}))["reason"] == "token_expired"
