"""A token in the query string, for the one published contract that wants it there: contained and scrubbed."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.http import HttpRequest

from django_simple_auth import keys, sessions
from django_simple_auth.authentication import take_from_query
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import redaction

KEYS = "/contracts/keys"


def test_the_token_is_taken_out_of_all_that_could_be_logged(rf: Any):
    request = rf.get("/x?a=1&token=hush&b=2", REQUEST_URI="/x?a=1&token=hush&b=2", RAW_URI="/x?token=hush")
    assert take_from_query(request, "token") == "hush"
    assert request.GET.dict() == {"a": "1", "b": "2"}
    assert request.get_full_path() == "/x?a=1&b=2"
    assert (request.META["REQUEST_URI"], request.META["RAW_URI"]) == ("/x?a=1&b=2", "/x?a=1&b=2")
    assert "hush" not in f"{request.META} {request!r} {vars(request)}"


def test_it_can_be_asked_for_again(rf: Any):
    request = rf.get("/x?token=hush")
    assert take_from_query(request, "token") == take_from_query(request, "token") == "hush"
    assert request.get_full_path() == "/x"


def test_an_asgi_scope_is_scrubbed_too(async_rf: Any):
    request = async_rf.get("/x?token=hush&a=1")
    assert take_from_query(request, "token") == "hush"
    assert request.scope["query_string"] == b"a=1"


@pytest.mark.parametrize("query", ["", "other=1", "token=a&token=b"])
def test_no_token_or_two_are_none(rf: Any, query: str):
    request: HttpRequest = rf.get(f"/x?{query}")
    assert take_from_query(request, "token") is None
    assert "token" not in request.GET


def test_a_query_without_a_token_is_left_as_it_is(rf: Any):
    request = rf.get("/x?b=%20&a")
    take_from_query(request, "token")
    assert request.META["QUERY_STRING"] == "b=%20&a"


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_nothing_of_it_is_logged_whatever_the_method(client: Any, user: Any, caplog: Any, method: str):
    secret = sessions.start(user).secret
    with caplog.at_level(logging.DEBUG):
        client.send(method, f"{KEYS}/user/logout?token={secret}")
    for record in caplog.records:
        request = getattr(record, "request", None)
        assert secret not in f"{record.getMessage()} {request and request.META} {request and request.get_full_path()}"


def test_only_those_endpoints_take_it(client: Any, user: Any):
    secret = sessions.start(user).secret
    assert client.get(f"/api/auth/me/?token={secret}").status_code == 401
    assert client.get(f"{KEYS}/keys/generate/?token={secret}").status_code == 200


def test_they_tell_nobody_where_the_client_came_from(client: Any, user: Any):
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


def test_an_api_key_cannot_touch_the_account(client: Any, user: Any):
    secret = keys.create(user).secret
    assert client.get(f"{KEYS}/keys/generate/?token={secret}").json() == {"error": "An API key cannot do this."}
    assert client.get(f"{KEYS}/user/logout?token={secret}").status_code == 400
    client.token = secret
    assert client.post("/api/auth/logout/all/").status_code == 403
    assert client.get("/api/auth/me/").status_code == 200
    assert AuthToken.objects.count() == 1


@pytest.mark.parametrize("name", redaction.ACCESS_LOGS)
def test_access_logs_show_of_a_token_its_prefix_alone(user: Any, monkeypatch: Any, name: str):
    lines = []
    logger = logging.getLogger(name)
    monkeypatch.setattr(logger, "handle", lambda record: logger.filter(record) and lines.append(record.getMessage()))
    line = f"GET /user/logout?token={sessions.start(user).secret} HTTP/1.1"
    logger.warning('"%s" %s', line, 200)
    logger.warning('"%(r)s" %(s)s', {"r": line, "s": 200})
    logger.warning(line)
    logger.warning("100%")
    redacted = "GET /user/logout?token=dsa_[redacted] HTTP/1.1"
    assert lines == [f'"{redacted}" 200', f'"{redacted}" 200', redacted, "100%"]


def test_attaching_twice_filters_once():
    redaction.attach()
    filters = logging.getLogger("django.server").filters
    assert len([present for present in filters if isinstance(present, redaction.RedactTokens)]) == 1
