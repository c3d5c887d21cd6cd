from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from django_simple_auth import sessions
from django_simple_auth.authentication import TokenAuthentication, Unavailable
from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format


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
