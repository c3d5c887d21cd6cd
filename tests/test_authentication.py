"""Tokens in the Authorization header, and in the query string for the one published contract that needs it there."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from django_simple_auth import keys, sessions
from django_simple_auth.authentication import TokenAuthentication, Unavailable, take_from_query
from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format

# The Authorization header


def ask(rf: Any, header: str | None) -> Any:
    environ = {} if header is None else {"HTTP_AUTHORIZATION": header}
    return TokenAuthentication().authenticate(Request(rf.get("/", **environ)))


@pytest.mark.parametrize("keyword", ["Token", "Bearer", "token", "BEARER"])
def test_both_keywords_authenticate_in_any_case(user: Any, rf: Any, keyword: str):
    issued = sessions.start(user)
    assert ask(rf, f"{keyword} {issued.secret}") == (user, issued.row)


def test_an_authenticated_request_costs_one_query(user: Any, rf: Any):
    secret = sessions.start(user).secret
    with CaptureQueriesContext(connection) as queries:
        ask(rf, f"Token {secret}")
    assert len(queries) == 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Token",
        "Token ",
        "Token\t",
        "Bearer",
        "Basic Ym9iOmJvYg==",
        "Token 9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b",
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",
        "Token \xff\xfe",
        "Token one two",
        "Token\tdsa_x",
        "Token " + "x" * 100_000,
    ],
)
def test_other_tokens_are_left_to_the_next_class(rf: Any, header: str | None):
    assert ask(rf, header) is None


@pytest.mark.parametrize(
    "secret",
    [
        "dsa_",
        "dsa_short",
        "dsa_" + "0" * 49,
        "dsk_" + "z" * 49,
        "dsa_a dsa_b",
        "dsa_\0",
        "dsa_\xff",
        "dsa_" + "x" * 100_000,
    ],
)
def test_a_malformed_token_is_refused_without_a_query(rf: Any, secret: str):
    with pytest.raises(AuthenticationFailed) as refused:
        ask(rf, f"Token {secret}")
    assert refused.value.get_codes() == "token_invalid"


def test_an_expired_token_has_its_own_code(user: Any, rf: Any):
    secret = sessions.start(user).secret
    AuthToken.objects.update(expires_at=system_clock.now())
    with pytest.raises(AuthenticationFailed) as refused:
        ask(rf, f"Token {secret}")
    assert refused.value.get_codes() == "token_expired"


def test_a_database_that_is_down_is_503_and_not_401(rf: Any, monkeypatch: Any, caplog: Any):
    def down(*args: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(sessions, "resume", down)
    with caplog.at_level(logging.ERROR, "django_simple_auth"), pytest.raises(Unavailable) as refused:
        ask(rf, f"Token {token_format.generate('dsa')}")
    assert (refused.value.status_code, refused.value.wait) == (503, 5)
    assert "could not be looked up" in caplog.text


def test_a_mistake_in_a_query_is_no_outage(rf: Any, monkeypatch: Any):
    def broken(*args: Any) -> None:
        raise ProgrammingError("no such column")

    monkeypatch.setattr(sessions, "resume", broken)
    with pytest.raises(ProgrammingError):
        ask(rf, f"Token {token_format.generate('dsa')}")


# The query string


KEYS = "/contracts/keys"


def test_a_token_in_the_query_is_removed_before_logging(rf: Any):
    request = rf.get("/x?a=1&token=hush&b=2", REQUEST_URI="/x?a=1&token=hush&b=2", RAW_URI="/x?token=hush")
    assert take_from_query(request, "token") == "hush"
    assert request.GET.dict() == {"a": "1", "b": "2"}
    assert request.get_full_path() == "/x?a=1&b=2"
    assert (request.META["REQUEST_URI"], request.META["RAW_URI"]) == ("/x?a=1&b=2", "/x?a=1&b=2")
    assert "hush" not in f"{request.META} {request!r} {vars(request)}"


def test_a_token_in_the_query_can_be_read_twice(rf: Any):
    request = rf.get("/x?token=hush")
    assert take_from_query(request, "token") == take_from_query(request, "token") == "hush"
    assert request.get_full_path() == "/x"


def test_an_asgi_scope_is_scrubbed_too(async_rf: Any):
    request = async_rf.get("/x?token=hush&a=1")
    assert take_from_query(request, "token") == "hush"
    assert request.scope["query_string"] == b"a=1"


@pytest.mark.parametrize("query", ["", "other=1", "token=a&token=b"])
def test_a_query_with_none_or_two_tokens_has_none(rf: Any, query: str):
    request: HttpRequest = rf.get(f"/x?{query}")
    assert take_from_query(request, "token") is None
    assert "token" not in request.GET


def test_a_query_without_a_token_is_left_as_it_is(rf: Any):
    request = rf.get("/x?b=%20&a")
    take_from_query(request, "token")
    assert request.META["QUERY_STRING"] == "b=%20&a"


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_no_log_contains_a_token_from_the_query(client: Any, user: Any, caplog: Any, method: str):
    secret = sessions.start(user).secret
    with caplog.at_level(logging.DEBUG):
        client.send(method, f"{KEYS}/user/logout?token={secret}")
    for record in caplog.records:
        request = getattr(record, "request", None)
        assert secret not in f"{record.getMessage()} {request and request.META} {request and request.get_full_path()}"


def test_only_that_contract_reads_a_token_in_the_query(client: Any, user: Any):
    secret = sessions.start(user).secret
    assert client.get(f"/api/auth/me/?token={secret}").status_code == 401
    assert client.get(f"{KEYS}/keys/generate/?token={secret}").status_code == 200


def test_the_answer_sets_a_referrer_policy(client: Any, user: Any):
    response = client.get(f"{KEYS}/keys/generate/?token=x")
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["user/logout", "keys/generate/"])
@pytest.mark.parametrize(
    "ahead",
    [{"HTTP_SEC_PURPOSE": "prefetch;prerender"}, {"HTTP_PURPOSE": "prefetch"}, {"HTTP_X_MOZ": "prefetch"}, None],
)
def test_head_and_prefetch_change_nothing(client: Any, user: Any, path: str, ahead: dict[str, str] | None):
    secret = sessions.start(user).secret
    url = f"{KEYS}/{path}?token={secret}"
    response = client.send("HEAD", url) if ahead is None else client.get(url, **ahead)
    assert response.status_code in {400, 405}
    assert AuthToken.objects.count() == 1
    assert client.get(url).status_code == 200


def test_an_api_key_cannot_change_the_account(client: Any, user: Any):
    secret = keys.create(user).secret
    assert client.get(f"{KEYS}/keys/generate/?token={secret}").json() == {"error": "An API key cannot do this."}
    assert client.get(f"{KEYS}/user/logout?token={secret}").status_code == 400
    client.token = secret
    assert client.post("/api/auth/logout/all/").status_code == 403
    assert client.get("/api/auth/me/").status_code == 200
    assert AuthToken.objects.count() == 1
