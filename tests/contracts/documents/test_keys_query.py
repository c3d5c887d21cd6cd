"""The document of the ``keys`` contract, continued: logout and keys, with the token in the query string."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from tests.contracts.documents.keys import is_error

User = get_user_model()
LOGIN = {"username": "keyowner", "password": "passwordaaaaa"}


@pytest.fixture(autouse=True)
def _has_an_account() -> None:
    """Every test is about this user, who has an account when the first test begins."""
    if not User.objects.filter(username=LOGIN["username"]).exists():
        User.objects.create_user(email="keyowner@example.com", **LOGIN)


def logged_in(api: Any) -> str:
    _status, body = api("POST", "/api/user/login/", LOGIN)
    return body["token"]


def is_valid(api: Any, token: str) -> bool:
    return api("GET", "/api/me/", token=token)[0] == 200


def keys_of(username: str) -> int:
    return AuthToken.objects.filter(user__username=username, purpose=AuthToken.Purpose.KEY).count()


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
    AuthToken.objects.filter(user__username=LOGIN["username"]).update(expires_at=system_clock.now())
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
    before = keys_of(LOGIN["username"])
    answers = [api("GET", f"/api/keys/generate/?token={token}") for _ in range(2)]
    assert [status for status, _body in answers] == [200, 200]
    first, second = [body["key"] for _status, body in answers]
    assert len({first, second, token}) == 3
    assert keys_of(LOGIN["username"]) == before + 2
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
    before = keys_of(LOGIN["username"])
    for path in ["/api/keys/generate/", "/api/user/logout"]:
        status, refusal = api("GET", f"{path}?token={body['key']}")
        assert status == 400
        assert is_error(refusal)
    assert keys_of(LOGIN["username"]) == before
    assert is_valid(api, body["key"])


# Unsafe parts and how they are contained


BY_GET = ["/api/user/logout", "/api/keys/generate/"]


@pytest.mark.parametrize("path", BY_GET)
def test_head_changes_nothing(api: Any, path: str):
    token, before = logged_in(api), keys_of(LOGIN["username"])
    assert api("HEAD", f"{path}?token={token}") == (405, None)
    assert is_valid(api, token)
    assert keys_of(LOGIN["username"]) == before


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
    token, before = logged_in(api), keys_of(LOGIN["username"])
    status, refusal, _headers = api.send("GET", f"{path}?token={token}", headers=headers)
    assert status == 400
    assert is_error(refusal)
    assert is_valid(api, token)
    assert keys_of(LOGIN["username"]) == before


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
