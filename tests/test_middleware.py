"""Plain Django views know the user of a token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.asgi import get_asgi_application
from django.core.exceptions import SynchronousOnlyOperation
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import SessionAuthentication
from rest_framework.response import Response
from rest_framework.views import APIView

from django_simple_auth import keys, sessions
from django_simple_auth.authentication import TokenAuthentication
from django_simple_auth.db import clock as system_clock
from django_simple_auth.middleware import TokenAuthenticationMiddleware
from django_simple_auth.models import AuthToken
from django_simple_auth.permissions import DenyAPIKey, HasScope
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import store

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
DJANGO = "django.contrib.auth.middleware.AuthenticationMiddleware"
OURS = "django_simple_auth.middleware.TokenAuthenticationMiddleware"
ALONE = [OURS]
AFTER_DJANGO = [SESSION, CSRF, DJANGO, OURS]


def whoami(request: Any) -> JsonResponse:
    return JsonResponse({"user": request.user.get_username(), "auth": purpose(request)})


async def awhoami(request: Any) -> JsonResponse:
    return JsonResponse({"user": (await request.auser()).get_username(), "auth": purpose(request)})


def purpose(request: Any) -> str | None:
    return None if request.auth is None else request.auth.purpose


async def asks_twice(request: Any) -> JsonResponse:
    first, second = await request.auser(), await request.auser()
    return JsonResponse([first.pk, second.pk, request.user.pk, request.auth.user.pk], safe=False)


def looks_at_auth(request: Any) -> JsonResponse:
    return JsonResponse({"auth": purpose(request)})


async def looks_at_auth_without_await(request: Any) -> JsonResponse:
    with pytest.raises(SynchronousOnlyOperation):
        purpose(request)
    return JsonResponse({})


def looks_at_nothing(request: Any) -> HttpResponse:
    # A view may hand the user over without knowing who it is.
    return HttpResponse(type(request.user).__name__)


def names_the_request(request: Any) -> HttpResponse:
    assert isinstance(request, HttpRequest)
    return HttpResponse(repr(request))


class Scoped(APIView):
    authentication_classes = [SessionAuthentication, TokenAuthentication]
    permission_classes = [HasScope("notes:read")]
    schema = None

    def get(self, request: Any) -> Response:
        return Response(request.user.get_username())


class Account(Scoped):
    permission_classes = [DenyAPIKey]


class ByToken(Scoped):
    authentication_classes = [TokenAuthentication]


class URLs:
    urlpatterns = [
        path("whoami/", whoami),
        path("awhoami/", awhoami),
        path("exempt/", csrf_exempt(awhoami)),
        path("twice/", asks_twice),
        path("auth/", looks_at_auth),
        path("auth/without/await/", looks_at_auth_without_await),
        path("nothing/", looks_at_nothing),
        path("repr/", names_the_request),
        path("closed/", login_required(whoami)),
        path("aclosed/", login_required(awhoami)),
        path("scoped/", Scoped.as_view()),
        path("account/", Account.as_view()),
        path("by-token/", ByToken.as_view()),
    ]


@pytest.fixture(autouse=True)
def _project(settings: Any) -> None:
    settings.ROOT_URLCONF = URLs
    settings.MIDDLEWARE = AFTER_DJANGO


@pytest.fixture(params=[ALONE, AFTER_DJANGO], ids=["alone", "after Django's"])
def _in_both_places(request: Any, settings: Any) -> None:
    settings.MIDDLEWARE = request.param


class Browser:
    """Sends requests by WSGI or ASGI."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def get(self, path: str, token: str | None = None, keyword: str = "Token") -> Any:
        return self._send(self.client.get, path, token, keyword)

    def post(self, path: str, token: str | None = None) -> Any:
        return self._send(self.client.post, path, token, "Token")

    def _send(self, method: Callable[..., Any], path: str, token: str | None, keyword: str) -> Any:
        headers = {} if token is None else {"Authorization": f"{keyword} {token}"}
        call = async_to_sync(method) if isinstance(self.client, AsyncClient) else method
        return call(path, headers=headers)


@pytest.fixture(params=[Client, AsyncClient], ids=["WSGI", "ASGI"])
def browser(request: Any) -> Browser:
    return Browser(request.param(enforce_csrf_checks=True))


both_views = pytest.mark.parametrize("path", ["/whoami/", "/awhoami/"], ids=["sync", "async"])
ANONYMOUS = {"user": "", "auth": None}


# Whose request it is


@pytest.mark.usefixtures("_in_both_places")
@both_views
@pytest.mark.parametrize("keyword", ["Token", "bearer"])
def test_a_view_knows_the_user_of_a_token(browser: Browser, user: Any, path: str, keyword: str):
    response = browser.get(path, sessions.start(user).secret, keyword)
    assert response.json() == {"user": "bob", "auth": "login"}


@pytest.mark.usefixtures("_in_both_places")
@both_views
def test_an_api_key_authenticates_as_its_user(browser: Browser, user: Any, path: str):
    assert browser.get(path, keys.create(user).secret).json() == {"user": "bob", "auth": "key"}


@pytest.mark.usefixtures("_in_both_places")
@both_views
@pytest.mark.parametrize("token", [None, "", "9944b09199c62bcf9418ad846dd0e4bb", "eyJhbGciOiJIUzI1NiJ9.e30.x"])
def test_without_a_token_of_ours_the_user_is_anonymous(browser: Browser, db: None, path: str, token: str | None):
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(path, token).json() == ANONYMOUS
    assert len(queries) == 0


@both_views
@pytest.mark.parametrize("token", [None, "9944b09199c62bcf9418ad846dd0e4bb"])
def test_without_a_token_of_ours_the_session_counts(browser: Browser, user: Any, path: str, token: str | None):
    browser.client.force_login(user)
    assert browser.get(path, token).json() == {"user": "bob", "auth": None}


@both_views
def test_a_token_comes_before_a_session(browser: Browser, user: Any, path: str):
    ann = get_user_model().objects.create_user("ann")
    browser.client.force_login(ann)
    assert browser.get(path, sessions.start(user).secret).json() == {"user": "bob", "auth": "login"}


@both_views
def test_an_invalid_token_is_anonymous_also_in_a_session(browser: Browser, user: Any, path: str):
    browser.client.force_login(user)
    for invalid in ["dsa_mistyped", token_format.generate("dsa"), token_format.generate("dsk")]:
        response = browser.get(path, invalid)
        assert (response.status_code, response.json()) == (200, ANONYMOUS)


@pytest.mark.usefixtures("_in_both_places")
@both_views
def test_an_expired_token_is_anonymous_and_deleted(browser: Browser, user: Any, path: str):
    secret = sessions.start(user).secret
    AuthToken.objects.update(expires_at=system_clock.now())
    assert browser.get(path, secret).json() == ANONYMOUS
    assert not AuthToken.objects.exists()


@both_views
def test_a_token_of_an_inactive_user_is_anonymous(browser: Browser, user: Any, path: str):
    secret = sessions.start(user).secret
    get_user_model().objects.update(is_active=False)
    assert browser.get(path, secret).json() == ANONYMOUS


@both_views
def test_a_database_that_is_down_is_not_anonymous(browser: Browser, monkeypatch: Any, path: str):
    def down(*args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(store, "find", down)
    with pytest.raises(OperationalError):
        browser.get(path, token_format.generate("dsa"))


@pytest.mark.parametrize("user_before", [True, False])
def test_a_user_set_without_auser_is_kept(rf: Any, user: Any, user_before: bool):
    request = rf.get("/")
    if user_before:
        request.user = user
    TokenAuthenticationMiddleware(lambda request: HttpResponse())(request)
    for found in (request.user, async_to_sync(request.auser)()):
        assert found.is_authenticated == user_before


# What it costs


@both_views
def test_a_known_user_costs_one_query(browser: Browser, user: Any, path: str):
    secret = sessions.start(user).secret
    with CaptureQueriesContext(connection) as queries:
        browser.get(path, secret)
    assert len(queries) == 1


def test_user_auser_and_auth_share_one_query(browser: Browser, user: Any):
    secret = sessions.start(user).secret
    with CaptureQueriesContext(connection) as queries:
        assert browser.get("/twice/", secret).json() == [user.pk] * 4
    assert len(queries) == 1


@both_views
def test_a_refused_token_is_looked_up_once(browser: Browser, db: None, path: str):
    # The token, and whether it was rotated away.
    with CaptureQueriesContext(connection) as queries:
        browser.get(path, token_format.generate("dsa"))
    assert len(queries) == 2


@both_views
def test_a_mistyped_token_costs_no_query(browser: Browser, db: None, path: str):
    with CaptureQueriesContext(connection) as queries:
        browser.get(path, token_format.generate("dsa")[:-1] + "!")
    assert len(queries) == 0


def test_a_view_that_looks_at_nobody_costs_no_query(browser: Browser, user: Any):
    secret = sessions.start(user).secret
    with CaptureQueriesContext(connection) as queries:
        response = browser.get("/nothing/", secret)
    assert (len(queries), response.content) == (0, b"SimpleLazyObject")


def test_a_drf_view_looks_the_token_up_only_once(browser: Browser, user: Any):
    secret = sessions.start(user).secret
    with CaptureQueriesContext(connection) as queries:
        assert browser.get("/by-token/", secret).json() == "bob"
    assert len(queries) == 1


# What caches are told


@pytest.mark.usefixtures("_in_both_places")
@pytest.mark.parametrize("path", ["/whoami/", "/awhoami/", "/auth/"])
@pytest.mark.parametrize("token", [None, "9944b09199c62bcf9418ad846dd0e4bb", "dsa_mistyped"])
def test_an_answer_that_depends_on_the_user_varies(browser: Browser, db: None, path: str, token: str | None):
    assert "Authorization" in browser.get(path, token).headers["Vary"]


def test_other_answers_do_not_vary(browser: Browser, user: Any):
    assert "Vary" not in browser.get("/nothing/", sessions.start(user).secret).headers


def test_a_token_does_not_touch_the_session(browser: Browser, user: Any):
    browser.client.force_login(user)
    assert browser.get("/whoami/", sessions.start(user).secret).headers["Vary"] == "Authorization"


# In a project


def test_the_request_keeps_its_name(browser: Browser, db: None):
    assert browser.get("/repr/").content in {b"<WSGIRequest: GET '/repr/'>", b"<ASGIRequest: GET '/repr/'>"}


@pytest.mark.usefixtures("_in_both_places")
@pytest.mark.parametrize("path", ["/closed/", "/aclosed/"], ids=["sync", "async"])
def test_login_required_accepts_a_token(browser: Browser, user: Any, path: str):
    assert browser.get(path, sessions.start(user).secret).json()["user"] == "bob"
    assert browser.get(path).status_code == 302


def test_auth_has_to_be_awaited_in_an_async_view(browser: Browser, user: Any):
    assert browser.get("/auth/without/await/", sessions.start(user).secret).status_code == 200


@both_views
def test_a_token_exempts_no_view_from_csrf_protection(browser: Browser, user: Any, path: str):
    secret = sessions.start(user).secret
    assert browser.post(path, secret).status_code == 403
    assert browser.post("/exempt/", secret).json()["user"] == "bob"


@pytest.mark.parametrize(("scopes", "status"), [(["notes:read"], 200), ([], 403)])
def test_sessionauthentication_widens_no_scope(browser: Browser, user: Any, scopes: list[str], status: int):
    assert browser.get("/scoped/", keys.create(user, scopes=scopes).secret).status_code == status


def test_sessionauthentication_makes_no_login_of_a_key(browser: Browser, user: Any):
    assert browser.get("/account/", keys.create(user).secret).status_code == 403
    assert browser.get("/account/", sessions.start(user).secret).status_code == 200


@pytest.mark.django_db(transaction=True)
@both_views
def test_a_server_with_threads_of_its_own_finds_the_row(path: str):
    issued = sessions.start(get_user_model().objects.create_user("bob"))
    headers = [(b"authorization", f"Token {issued.secret}".encode()), (b"host", b"testserver")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}

    async def ask() -> list[Any]:
        server = ApplicationCommunicator(get_asgi_application(), {**scope, "asgi": {"version": "3.0"}})
        await server.send_input({"type": "http.request", "body": b""})
        answered = [await server.receive_output() for _ in range(2)]
        await server.wait()
        return answered

    start, body = asyncio.run(ask())
    assert (start["status"], body["body"]) == (200, b'{"user": "bob", "auth": "login"}')
