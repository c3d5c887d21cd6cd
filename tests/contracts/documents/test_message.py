"""The document of the ``message`` contract, in the order of the document."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from tests.support.http import call

User = get_user_model()

REGISTRATION = {"username": "testuser", "email": "test@example.com", "password": "securepassword"}
LOGIN = {"username": "testuser", "password": "securepassword"}

REGISTERED = {"message": "User registered successfully"}
USERNAME_TAKEN = {"error": "Username already exists"}
EMAIL_TAKEN = {"error": "Email already registered"}
INVALID_CREDENTIALS = {"error": "Invalid credentials"}
LOGGED_OUT = {"message": "Logged out successfully"}
UNAUTHORIZED = {"error": "Invalid token or missing authentication"}


def is_one_text(body: Any) -> bool:
    return set(body) == {"error"} and isinstance(body["error"], str) and body["error"] != ""


def logged_in(api: Any) -> str:
    _status, body = api("POST", "/api/login/", LOGIN)
    return body["token"]


# 1. User registration


def test_a_user_registers(api: Any):
    assert api("POST", "/api/register/", REGISTRATION) == (201, REGISTERED)
    user = User.objects.get(username="testuser")
    assert user.email == "test@example.com"
    assert user.check_password("securepassword")


def test_a_repeated_registration_is_refused(api: Any):
    assert api("POST", "/api/register/", REGISTRATION) == (400, USERNAME_TAKEN)


@pytest.mark.parametrize("username", ["testuser", "TestUser", "TESTUSER", "ｔｅｓｔｕｓｅｒ"])
def test_a_username_is_unique_regardless_of_case_and_form(api: Any, username: str):
    another = {**REGISTRATION, "username": username, "email": "another@example.com"}
    assert api("POST", "/api/register/", another) == (400, USERNAME_TAKEN)


@pytest.mark.parametrize("email", ["test@example.com", "Test@Example.com", "TEST@EXAMPLE.COM"])
def test_an_email_is_unique_regardless_of_case(api: Any, email: str):
    another = {**REGISTRATION, "username": "anotheruser", "email": email}
    assert api("POST", "/api/register/", another) == (400, EMAIL_TAKEN)


@pytest.mark.parametrize(
    ("bodies", "refusal"),
    [
        ([{**REGISTRATION, "username": "racer", "email": f"racer{n}@example.com"} for n in range(5)], USERNAME_TAKEN),
        ([{**REGISTRATION, "username": f"runner{n}", "email": "runner@example.com"} for n in range(5)], EMAIL_TAKEN),
    ],
    ids=["username", "email"],
)
def test_one_of_several_concurrent_registrations_succeeds(api: Any, bodies: list[Any], refusal: dict[str, str]):
    answers = api.at_once("POST", "/api/register/", bodies)
    assert Counter(status for status, _body in answers) == {201: 1, 400: 4}
    assert [body for status, body in answers if status == 400] == [refusal] * 4


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "anotheruser", "email": "another@example.com"},
        {"username": "anotheruser", "password": "securepassword"},
        {"email": "another@example.com", "password": "securepassword"},
        {"username": "another user", "email": "not an address", "password": "securepassword"},
        {"username": "anotheruser", "email": "another@example.com", "password": "password"},
        {"username": "anotheruser", "email": "another@example.com", "password": "1234567"},
        {"username": 7, "email": True, "password": None},
        [],
        "anotheruser",
    ],
)
def test_any_registration_error_is_one_text(api: Any, body: Any):
    status, refusal = api("POST", "/api/register/", body)
    assert status == 400
    assert is_one_text(refusal)


# 2. User login


def test_a_user_logs_in(api: Any):
    status, body = api("POST", "/api/login/", LOGIN)
    assert (status, body) == (200, {"token": body["token"]})
    assert isinstance(body["token"], str)


@pytest.mark.parametrize("wrong", [{"password": "insecurepassword"}, {"username": "unknown"}])
def test_wrong_credentials_get_the_same_answer(api: Any, wrong: dict[str, str]):
    assert api("POST", "/api/login/", {**LOGIN, **wrong}) == (400, INVALID_CREDENTIALS)


def test_a_disabled_account_gets_the_same_answer(api: Any, disable: Any):
    disable("test@example.com")
    assert api("POST", "/api/login/", LOGIN) == (400, INVALID_CREDENTIALS)


@pytest.mark.parametrize("body", [{}, {"username": "testuser"}, {"password": "securepassword"}, [LOGIN]])
def test_any_login_error_is_one_text(api: Any, body: Any):
    status, refusal = api("POST", "/api/login/", body)
    assert status == 400
    assert is_one_text(refusal)


# 3. User logout


def test_a_user_logs_out(api: Any):
    token = logged_in(api)
    assert api("POST", "/api/logout/", token=token) == (200, LOGGED_OUT)
    assert api("POST", "/api/logout/", token=token) == (401, UNAUTHORIZED)


def test_logout_without_a_token_is_401(api: Any):
    assert api("POST", "/api/logout/") == (401, UNAUTHORIZED)


def test_a_token_in_another_format_is_401(api: Any):
    assert api("POST", "/api/logout/", token="your-generated-token") == (401, UNAUTHORIZED)


def test_a_token_that_was_never_issued_is_401(api: Any):
    assert api("POST", "/api/logout/", token=token_format.generate("dsa")) == (401, UNAUTHORIZED)


def test_an_expired_token_is_401(api: Any):
    token = logged_in(api)
    AuthToken.objects.filter(user__username="testuser").update(expires_at=system_clock.now())
    assert api("POST", "/api/logout/", token=token) == (401, UNAUTHORIZED)


def test_the_token_of_a_disabled_account_is_401(api: Any, disable: Any):
    token = logged_in(api)
    disable("test@example.com")
    assert api("POST", "/api/logout/", token=token) == (401, UNAUTHORIZED)


# Authentication mechanism


@pytest.mark.parametrize("header", ["", "Token", "Basic dGVzdHVzZXI6c2VjdXJlcGFzc3dvcmQ=", "your-generated-token"])
def test_a_header_without_a_token_is_401(api: Any, header: str):
    status, body, _headers = api.send("POST", "/api/logout/", headers={"Authorization": header})
    assert (status, body) == (401, UNAUTHORIZED)


def test_a_token_in_the_query_is_ignored(api: Any):
    token = logged_in(api)
    assert api("POST", f"/api/logout/?token={token}") == (401, UNAUTHORIZED)
    assert api("POST", "/api/logout/", token=token) == (200, LOGGED_OUT)


# Where the document is silent


@pytest.mark.parametrize("path", ["/api/register/", "/api/login/"])
@pytest.mark.parametrize("content", [b"", b"{", b'{"username": "testuser", }', b"\xff", b"null"])
def test_a_malformed_body_is_one_text(api: Any, path: str, content: bytes):
    status, body, _headers = api.send("POST", path, content)
    assert status == 400
    assert is_one_text(body)


@pytest.mark.parametrize("path", ["/api/register/", "/api/login/", "/api/logout/"])
def test_a_wrong_method_is_one_text(api: Any, path: str):
    status, body, headers = api.send("GET", path)
    assert (status, headers["Allow"]) == (405, "POST, OPTIONS")
    assert is_one_text(body)


@pytest.mark.parametrize("path", ["/api/register/", "/api/login/"])
def test_a_wrong_content_type_is_one_text(api: Any, path: str):
    status, body, _headers = api.send("POST", path, b"a=b", headers={"Content-Type": "text/plain"})
    assert status == 415
    assert is_one_text(body)


def test_a_server_error_is_one_text(api: Any):
    User.objects.create_user("unlucky message", password="securepassword", first_name="Unlucky")
    body = {"username": "unlucky message", "password": "securepassword"}
    status, refusal = call("POST", f"{api.address}/api/login/", body)
    assert status == 500
    assert is_one_text(refusal)
    assert "the reason" not in str(refusal)
