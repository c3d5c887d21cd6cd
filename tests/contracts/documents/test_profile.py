"""The document of the ``profile`` contract, in the order of the document."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from tests.support.http import call

User = get_user_model()

REGISTRATION = {"username": "your-username", "email": "your-email@example.com", "password": "your-password"}
LOGIN = {"username": "your-username", "password": "your-password"}


def is_detail(body: Any) -> bool:
    return set(body) == {"detail"} and isinstance(body["detail"], str)


def is_texts(found: Any) -> bool:
    return isinstance(found, list) and found != [] and all(isinstance(text, str) for text in found)


def logged_in(api: Any) -> str:
    _status, body = api("POST", "/api/token/", LOGIN)
    return body["token"]


# Registration


def test_a_user_registers(api: Any):
    status, body = api("POST", "/api/create/", REGISTRATION)
    user = User.objects.get(username="your-username")
    assert status == 201
    assert body == {"id": user.pk, "username": "your-username", "email": "your-email@example.com"}
    assert type(body["id"]) is int
    assert user.check_password("your-password")


# Login


def test_a_user_logs_in(api: Any):
    status, body = api("POST", "/api/token/", LOGIN)
    assert (status, body) == (200, {"token": body["token"]})
    assert isinstance(body["token"], str)


# User profile


def test_a_token_shows_the_profile_of_its_user(api: Any):
    assert api("GET", "/api/me/", token=logged_in(api)) == (
        200,
        {
            "id": User.objects.get(username="your-username").pk,
            "username": "your-username",
            "email": "your-email@example.com",
        },
    )


# Error handling


@pytest.mark.parametrize("field", ["username", "email", "password"])
def test_400_names_the_missing_field(api: Any, field: str):
    body = {"username": "another-username", "email": "another-email@example.com", "password": "your-password"}
    del body[field]
    status, refusal = api("POST", "/api/create/", body)
    assert (status, refusal) == (400, {field: refusal[field]})
    assert is_texts(refusal[field])


@pytest.mark.parametrize(
    ("variant", "blamed"),
    [
        ({"email": "another-email@example.com"}, {"username"}),
        ({"username": "YOUR-USERNAME", "email": "another-email@example.com"}, {"username"}),
        ({"username": "another-username"}, {"email"}),
        ({"username": "another-username", "email": "YOUR-EMAIL@EXAMPLE.COM"}, {"email"}),
        ({}, {"username", "email"}),
    ],
)
def test_400_names_what_is_taken_regardless_of_case(api: Any, variant: dict[str, str], blamed: set[str]):
    status, refusal = api("POST", "/api/create/", {**REGISTRATION, **variant})
    assert (status, set(refusal)) == (400, blamed)
    assert all(is_texts(found) for found in refusal.values())


def test_400_names_a_password_that_is_too_common(api: Any):
    body = {"username": "another-username", "email": "another-email@example.com", "password": "password"}
    assert api("POST", "/api/create/", body) == (400, {"password": ["This password is too common."]})


@pytest.mark.parametrize("wrong", [{"password": "my-password"}, {"username": "my-username"}])
def test_400_is_the_same_for_all_wrong_credentials(api: Any, wrong: dict[str, str]):
    status, refusal = api("POST", "/api/token/", {**LOGIN, **wrong})
    assert (status, refusal) == (400, {"non_field_errors": ["Unable to log in with provided credentials."]})


@pytest.mark.parametrize("path", ["/api/create/", "/api/token/"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"your-username"'])
def test_400_is_json_for_malformed_bodies(api: Any, path: str, content: bytes):
    status, refusal, _headers = api.send("POST", path, content)
    assert status == 400
    assert is_detail(refusal) or all(is_texts(found) for found in refusal.values())


def test_401_without_a_token(api: Any):
    status, refusal = api("GET", "/api/me/")
    assert status == 401
    assert is_detail(refusal)


@pytest.mark.parametrize("token", ["your-authentication-token", token_format.generate("dsa")])
def test_401_with_a_token_that_was_never_issued(api: Any, token: str):
    status, refusal = api("GET", "/api/me/", token=token)
    assert status == 401
    assert is_detail(refusal)


def test_401_with_a_token_that_has_expired(api: Any):
    token = logged_in(api)
    AuthToken.objects.filter(user__username="your-username").update(expires_at=system_clock.now())
    status, refusal = api("GET", "/api/me/", token=token)
    assert status == 401
    assert is_detail(refusal)


def test_401_once_the_account_is_disabled(api: Any, disable: Any):
    token = logged_in(api)
    disable("your-email@example.com")
    status, refusal = api("GET", "/api/me/", token=token)
    assert status == 401
    assert is_detail(refusal)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_404_is_json(api: Any, method: str):
    status, refusal = api(method, "/api/not-found/")
    assert status == 404
    assert is_detail(refusal)


def test_500_is_json(api: Any):
    User.objects.create_user("unlucky profile", password="your-password", first_name="Unlucky")
    body = {"username": "unlucky profile", "password": "your-password"}
    status, refusal = call("POST", f"{api.address}/api/token/", body)
    assert status == 500
    assert is_detail(refusal)
    assert "the reason" not in refusal["detail"]


# Where the document is silent


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/create/"), ("PUT", "/api/token/"), ("POST", "/api/me/")])
def test_a_wrong_method_is_405_like_drfs(api: Any, method: str, path: str):
    status, refusal = api(method, path)
    assert status == 405
    assert is_detail(refusal)
