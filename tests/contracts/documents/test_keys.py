"""The document of the ``keys`` contract, in the order of the document.

Its examples assume different contents of the database. Each test prepares what its example assumes.
"""

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

TOO_COMMON = ["This password is too common."]
USERNAME_TAKEN = ["A user with that username already exists."]
EMAIL_TAKEN = ["User with this email already exists."]
INVALID_CREDENTIALS = {"error": "Invalid credentials"}

LOGIN = {"username": "johndoe1", "password": "passwordaaaaa"}


def is_error(body: Any) -> bool:
    return set(body) == {"error"} and isinstance(body["error"], str)


def is_by_field(body: Any) -> bool:
    return all(isinstance(found, list) and set(map(type, found)) == {str} for found in body.values())


def logged_in(api: Any) -> str:
    _status, body = api("POST", "/api/user/login/", LOGIN)
    return body["token"]


def is_valid(api: Any, token: str) -> bool:
    return api("GET", "/api/me/", token=token)[0] == 200


def keys_of(username: str) -> int:
    return AuthToken.objects.filter(user__username=username, purpose=AuthToken.Purpose.KEY).count()


# User register


def test_a_user_registers(api: Any):
    status, body = api(
        "POST",
        "/api/user/register/",
        {"username": "johndoe", "password": "p4ssword123", "email": "johndoe@example.com"},
    )
    user = User.objects.get(username="johndoe")
    assert (status, body) == (201, {"user_id": user.pk})
    assert type(body["user_id"]) is int
    assert user.email == "johndoe@example.com"
    assert user.check_password("p4ssword123")


def test_all_errors_come_at_once(api: Any):
    body = {"username": "johndoe", "password": "password", "email": "johndoe@example.com"}
    assert api("POST", "/api/user/register/", body) == (
        400,
        {"username": USERNAME_TAKEN, "password": TOO_COMMON, "email": EMAIL_TAKEN},
    )


def test_a_common_password_is_refused(api: Any):
    User.objects.get(username="johndoe").delete()
    body = {"username": "johndoe", "password": "password", "email": "johndoe@example.com"}
    assert api("POST", "/api/user/register/", body) == (400, {"password": ["This password is too common."]})


def test_a_taken_username_is_refused(api: Any):
    User.objects.create_user("johndoe", "john@elsewhere.example", "p4ssword123")
    body = {"username": "johndoe", "password": "passwordaaaaa", "email": "johndoe@example.com"}
    assert api("POST", "/api/user/register/", body) == (
        400,
        {"username": ["A user with that username already exists."]},
    )


def test_a_taken_email_is_refused(api: Any):
    User.objects.create_user("janedoe", "johndoe@example.com", "p4ssword123")
    body = {"username": "johndoe1", "password": "passwordaaaaa", "email": "johndoe@example.com"}
    assert api("POST", "/api/user/register/", body) == (400, {"email": ["User with this email already exists."]})


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_texts_are_english_whatever_the_clients_language(api: Any, language: str):
    status, refusal, _headers = api.send(
        "POST",
        "/api/user/register/",
        b'{"username": "johndoe", "password": "password", "email": "johndoe@example.com"}',
        headers={"Accept-Language": language},
    )
    assert (status, refusal) == (400, {"username": USERNAME_TAKEN, "password": TOO_COMMON, "email": EMAIL_TAKEN})


@pytest.mark.parametrize(
    ("username", "email", "refusal"),
    [
        ("JohnDoe", "new@example.com", {"username": USERNAME_TAKEN}),
        ("johndoe2", "JohnDoe@Example.COM", {"email": EMAIL_TAKEN}),
    ],
)
def test_names_and_emails_are_unique_in_any_case(api: Any, username: str, email: str, refusal: dict[str, list[str]]):
    body = {"username": username, "password": "passwordaaaaa", "email": email}
    assert api("POST", "/api/user/register/", body) == (400, refusal)


def test_one_of_several_concurrent_registrations_succeeds(api: Any):
    bodies = [
        {"username": f"twin{n}", "password": "passwordaaaaa", "email": f"{name}@example.com"}
        for n, name in enumerate(["twin", "Twin", "TWIN", "tWIN", "twin"])
    ]
    answers = api.at_once("POST", "/api/user/register/", bodies)
    assert Counter(status for status, _body in answers) == {201: 1, 400: 4}
    assert [body for status, body in answers if status == 400] == [{"email": EMAIL_TAKEN}] * 4


@pytest.mark.parametrize("missing", [{"username"}, {"password"}, {"email"}, {"username", "password", "email"}])
def test_a_missing_field_is_named(api: Any, missing: set[str]):
    body = {"username": "new", "password": "passwordaaaaa", "email": "new@example.com"}
    status, refusal = api("POST", "/api/user/register/", {name: body[name] for name in body if name not in missing})
    assert (status, set(refusal)) == (400, missing)
    assert is_by_field(refusal)


# User login


def test_a_user_logs_in(api: Any):
    User.objects.create_user("johndoe1", "johndoe1@example.com", "passwordaaaaa")
    body = {"username": "johndoe1", "password": "passwordaaaaa"}
    status, answer = api("POST", "/api/user/login/", body)
    assert (status, answer) == (200, {"token": answer["token"]})
    assert isinstance(answer["token"], str)


def test_wrong_credentials_are_refused(api: Any):
    user = User.objects.get(username="johndoe1")
    user.set_password("p4ssword123")
    user.save()
    body = {"username": "johndoe1", "password": "passwordaaaaa"}
    assert api("POST", "/api/user/login/", body) == (400, {"error": "Invalid credentials"})
    user.set_password("passwordaaaaa")
    user.save()


def test_unknown_and_disabled_users_get_the_same_answer(api: Any):
    User.objects.create_user("former", password="passwordaaaaa", is_active=False)
    for username in ["nobody", "former"]:
        body = {"username": username, "password": "passwordaaaaa"}
        assert api("POST", "/api/user/login/", body) == (400, INVALID_CREDENTIALS)


@pytest.mark.parametrize("missing", [{"username"}, {"password"}, {"username", "password"}])
def test_a_login_names_every_missing_field(api: Any, missing: set[str]):
    body = {name: value for name, value in LOGIN.items() if name not in missing}
    status, refusal = api("POST", "/api/user/login/", body)
    assert (status, set(refusal)) == (400, missing)
    assert is_by_field(refusal)


# User logout


def test_a_get_with_the_token_in_the_query_logs_out(api: Any):
    token = logged_in(api)
    status, body = api("GET", f"/api/user/logout?token={token}")
    assert status == 200
    assert isinstance(body, dict)
    assert not is_valid(api, token)


def test_a_second_logout_is_400(api: Any):
    token = logged_in(api)
    api("GET", f"/api/user/logout?token={token}")
    status, refusal = api("GET", f"/api/user/logout?token={token}")
    assert status == 400
    assert is_error(refusal)


@pytest.mark.parametrize(
    "path",
    [
        "/api/user/logout?token=207b9f098a3a77e7be0c383bb932fccd47dc291c",
        f"/api/user/logout?token={token_format.generate('dsa')}",
        "/api/user/logout?token=",
        "/api/user/logout?token=%00",
        "/api/user/logout",
    ],
)
def test_logout_without_a_valid_token_is_400(api: Any, path: str):
    status, refusal = api("GET", path)
    assert status == 400
    assert is_error(refusal)


def test_logout_with_an_expired_token_is_400(api: Any):
    token = logged_in(api)
    AuthToken.objects.filter(user__username="johndoe1").update(expires_at=system_clock.now())
    status, refusal = api("GET", f"/api/user/logout?token={token}")
    assert status == 400
    assert is_error(refusal)


def test_two_tokens_in_one_query_are_refused(api: Any):
    first, second = logged_in(api), logged_in(api)
    status, refusal = api("GET", f"/api/user/logout?token={first}&token={second}")
    assert status == 400
    assert is_error(refusal)
    assert is_valid(api, first)
    assert is_valid(api, second)


# Key generating


def test_each_call_generates_a_new_key(api: Any):
    token = logged_in(api)
    before = keys_of("johndoe1")
    answers = [api("GET", f"/api/keys/generate/?token={token}") for _ in range(2)]
    assert [status for status, _body in answers] == [200, 200]
    first, second = [body["key"] for _status, body in answers]
    assert len({first, second, token}) == 3
    assert keys_of("johndoe1") == before + 2
    assert is_valid(api, first)
    assert is_valid(api, second)
    assert is_valid(api, token)


@pytest.mark.parametrize(
    "path",
    [
        "/api/keys/generate/?token=6ef59d81bd7c499658ec25b9f030077e352bb235",
        f"/api/keys/generate/?token={token_format.generate('dsa')}",
        "/api/keys/generate/?token=",
        "/api/keys/generate/",
    ],
)
def test_no_key_is_generated_without_a_valid_token(api: Any, path: str):
    before = AuthToken.objects.count()
    status, refusal = api("GET", path)
    assert status == 400
    assert is_error(refusal)
    assert AuthToken.objects.count() == before


def test_a_key_cannot_generate_keys_or_log_out(api: Any):
    _status, body = api("GET", f"/api/keys/generate/?token={logged_in(api)}")
    before = keys_of("johndoe1")
    for path in ["/api/keys/generate/", "/api/user/logout"]:
        status, refusal = api("GET", f"{path}?token={body['key']}")
        assert status == 400
        assert is_error(refusal)
    assert keys_of("johndoe1") == before
    assert is_valid(api, body["key"])


# Unsafe parts and how they are contained


BY_GET = ["/api/user/logout", "/api/keys/generate/"]


@pytest.mark.parametrize("path", BY_GET)
def test_head_changes_nothing(api: Any, path: str):
    token, before = logged_in(api), keys_of("johndoe1")
    assert api("HEAD", f"{path}?token={token}") == (405, None)
    assert is_valid(api, token)
    assert keys_of("johndoe1") == before


@pytest.mark.parametrize("path", BY_GET)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Purpose": "prefetch"},
        {"Sec-Purpose": "prefetch;prerender"},
        {"Purpose": "prefetch"},
        {"X-Moz": "prefetch"},
    ],
)
def test_a_prefetch_changes_nothing(api: Any, path: str, headers: dict[str, str]):
    token, before = logged_in(api), keys_of("johndoe1")
    status, refusal, _headers = api.send("GET", f"{path}?token={token}", headers=headers)
    assert status == 400
    assert is_error(refusal)
    assert is_valid(api, token)
    assert keys_of("johndoe1") == before


@pytest.mark.parametrize("path", [*BY_GET, "/api/user/logout/", "/api/keys/generate"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_the_projects_logs_contain_no_token(api: Any, method: str, path: str):
    token = logged_in(api)
    log = api.logged(method, f"{path}?token={token}&page=1")
    assert f"{method} {path}" in log
    assert "page=1" in log
    assert token not in log
    assert token[4:] not in log


@pytest.mark.parametrize("path", BY_GET)
def test_the_answer_sets_a_referrer_policy(api: Any, path: str):
    _status, _body, headers = api.send("GET", f"{path}?token={logged_in(api)}")
    assert headers["Referrer-Policy"] == "no-referrer"
    _status, _body, headers = api.send("GET", path)
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/me/"), ("POST", "/api/logout/"), ("POST", "/api/users/logout/")]
)
def test_other_endpoints_ignore_a_token_in_the_query(api: Any, method: str, path: str):
    token = logged_in(api)
    assert api(method, f"{path}?token={token}")[0] in {400, 401}
    assert is_valid(api, token)


# Where the document is silent


@pytest.mark.parametrize("path", ["/api/user/register/", "/api/user/login/"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null"])
def test_a_malformed_body_is_400(api: Any, path: str, content: bytes):
    status, refusal, _headers = api.send("POST", path, content)
    assert status == 400
    assert is_error(refusal) or is_by_field(refusal)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/user/register/"), ("PUT", "/api/user/login/"), ("POST", "/api/keys/generate/")]
)
def test_another_method_is_405(api: Any, method: str, path: str):
    status, refusal = api(method, path)
    assert status == 405
    assert is_error(refusal)


def test_a_server_error_has_the_contracts_format(api: Any):
    User.objects.create_user("unlucky keys", password="passwordaaaaa", first_name="Unlucky")
    body = {"username": "unlucky keys", "password": "passwordaaaaa"}
    status, refusal = call("POST", f"{api.address}/api/user/login/", body)
    assert status == 500
    assert is_error(refusal)
