"""Paths, methods, content types and bodies that the native contract accepts."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tests.contracts.native.cases import API, log_in
from tests.support.client import PASSWORD

# Paths


@pytest.mark.parametrize("path", ["register", "login", "logout", "logout/all"])
def test_the_trailing_slash_is_optional(client: Any, user: Any, path: str):
    with_slash = client.post(f"{API}/{path}/")
    without = client.post(f"{API}/{path}")
    assert (without.status_code, without.json()) == (with_slash.status_code, with_slash.json())


def test_reverse_finds_the_path_as_the_contract_writes_it():
    assert [reverse(f"simple_auth:{name}") for name in ["register", "login", "logout", "logout_all", "me"]] == [
        f"{API}/{path}/" for path in ["register", "login", "logout", "logout/all", "me"]
    ]


@pytest.mark.parametrize("path", ["nope/", "nope", "login/more", "me//", ""])
def test_an_unknown_path_is_404_in_the_contracts_shape(client: Any, db: None, path: str):
    response = client.get(f"{API}/{path}")
    assert response.status_code == 404
    assert response.json() == {"detail": "Not found.", "code": "not_found"}


# Methods


@pytest.mark.parametrize(("method", "path"), [("GET", "login"), ("PUT", "register"), ("PUT", "me"), ("TRACE", "me")])
def test_another_method_is_405_even_without_a_token(client: Any, db: None, method: str, path: str):
    response = client.send(method, f"{API}/{path}/")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert method not in response.headers["Allow"]


def test_options_says_what_is_allowed(client: Any, db: None):
    response = client.send("OPTIONS", f"{API}/me/")
    assert (response.status_code, response.headers["Allow"]) == (204, "GET, PATCH, DELETE, HEAD, OPTIONS")


def test_head_is_get_without_a_body(client: Any, user: Any):
    log_in(client)
    assert client.send("HEAD", f"{API}/me/").status_code == 200


# Content types


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"]
)
def test_another_content_type_is_415(client: Any, db: None, content_type: str):
    response = client.post(f"{API}/login/", b"a=b", content_type=content_type)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_a_charset_beside_the_content_type_is_fine(client: Any, user: Any):
    body = {"username": "bob", "password": PASSWORD}
    assert client.post(f"{API}/login/", body, content_type="Application/JSON; charset=utf-8").status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "nonsense"])
def test_the_answer_is_json_whatever_is_accepted(client: Any, db: None, accept: str):
    assert client.get(f"{API}/me/", HTTP_ACCEPT=accept).status_code == 401


# Bodies


MALFORMED = {
    "nested": b"[" * 100_000,
    "nested a little": b"[" * 1000,
    "duplicate names": b'{"username": "a", "username": "b", "password": "x"}',
    "NaN": b'{"username": NaN}',
    "empty object key": b"{",
    "trailing garbage": b'{"username": "bob"} x',
    "invalid UTF-8": b'{"username": "\xff"}',
    "BOM": b'\xef\xbb\xbf{"username": "bob"}',
    "huge number": b'{"username": ' + b"9" * 5000 + b"}",
    "list": b"[]",
    "string": b'"x"',
    "null": b"null",
    "number": b"7",
    "blank": b" ",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("path", ["register", "login"])
def test_a_malformed_body_is_400(client: Any, db: None, path: str, body: bytes):
    assert client.post(f"{API}/{path}/", body).status_code == 400


def test_a_body_above_the_projects_limit_is_413(client: Any, db: None, settings: Any):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post(f"{API}/login/", {"username": "b" * 100, "password": "x"})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_a_project_may_lift_the_limit_for_bodies(client: Any, db: None, settings: Any):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = None
    assert client.post(f"{API}/login/", {"username": "b" * 100, "password": "x"}).status_code == 400


# The project's settings


def test_the_projects_drf_defaults_do_not_reach_the_contract(client: Any, user: Any, settings: Any):
    settings.REST_FRAMEWORK = {
        "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.BrowsableAPIRenderer"],
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.FormParser"],
        "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.AnonRateThrottle"],
        "DEFAULT_THROTTLE_RATES": {"anon": "1/day"},
        "EXCEPTION_HANDLER": "tests.nowhere",
        "NON_FIELD_ERRORS_KEY": "oops",
        "DATETIME_FORMAT": "%s",
    }
    assert client.post(f"{API}/login/", [1]).json().keys() == {"non_field_errors"}
    assert log_in(client)["expires_at"].endswith("Z")
    assert client.get(f"{API}/me/").status_code == 200
