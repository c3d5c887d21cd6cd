"""The document of the ``presence`` contract, in the order of the document."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth import presence
from django_simple_auth.models import AuthToken
from tests.support.http import call

User = get_user_model()

REGISTRATION = {"username": "visitor", "email": "visitor@example.com", "password": "kept-by-the-door"}
LOGIN = {"username": "visitor", "password": "kept-by-the-door"}


def visitor() -> Any:
    return User.objects.get(username="visitor")


def is_present() -> bool:
    return presence.users().filter(username="visitor").exists()


def is_drf_error(body: Any) -> bool:
    """``{"detail": text}`` or ``{field: [texts]}``."""
    return all(
        isinstance(found, str) if name == "detail" else isinstance(found, list) and set(map(type, found)) == {str}
        for name, found in body.items()
    )


# User registration


def test_a_user_registers(api: Any):
    status, body = api("POST", "/user/register/", REGISTRATION)
    assert status == 201
    # The document assumes that clients know the id, which a logout needs.
    assert body["user_id"] == visitor().pk
    assert visitor().email == "visitor@example.com"


@pytest.mark.parametrize("field", ["username", "email", "password"])
def test_a_registration_names_the_missing_field(api: Any, field: str):
    body = {"username": "second", "email": "second@example.com", "password": "kept-by-the-door"}
    del body[field]
    status, refusal = api("POST", "/user/register/", body)
    assert (status, set(refusal)) == (400, {field})
    assert is_drf_error(refusal)


@pytest.mark.parametrize(
    ("variant", "blamed"),
    [
        ({"email": "second@example.com"}, {"username"}),
        ({"username": "VISITOR", "email": "second@example.com"}, {"username"}),
        ({"username": "second"}, {"email"}),
        ({"username": "second", "email": "Visitor@Example.com"}, {"email"}),
        ({"username": "second", "email": "second@example.com", "password": "password"}, {"password"}),
    ],
)
def test_a_registration_names_the_invalid_field(api: Any, variant: dict[str, str], blamed: set[str]):
    status, refusal = api("POST", "/user/register/", {**REGISTRATION, **variant})
    assert (status, set(refusal)) == (400, blamed)
    assert is_drf_error(refusal)


def test_registration_does_not_log_in(api: Any):
    assert not is_present()


# User login


def test_a_user_logs_in(api: Any):
    status, body = api("POST", "/user/login/", LOGIN)
    assert status == 200
    assert body["user_id"] == visitor().pk
    assert is_present()


def test_login_issues_no_token(api: Any):
    _status, body, headers = api.send(
        "POST", "/user/login/", b'{"username": "visitor", "password": "kept-by-the-door"}'
    )
    assert "token" not in body
    assert "Set-Cookie" not in headers
    assert not AuthToken.objects.filter(user=visitor()).exists()


def test_a_second_login_changes_nothing(api: Any):
    assert api("POST", "/user/login/", LOGIN)[0] == 200
    assert presence.users().filter(username="visitor").count() == 1


@pytest.mark.parametrize("field", ["username", "password"])
def test_a_login_names_the_missing_field(api: Any, field: str):
    body = {name: value for name, value in LOGIN.items() if name != field}
    status, refusal = api("POST", "/user/login/", body)
    assert (status, set(refusal)) == (400, {field})
    assert is_drf_error(refusal)


def test_an_unknown_username_is_400(api: Any):
    status, refusal = api("POST", "/user/login/", {"username": "unknown", "password": "kept-by-the-door"})
    assert status == 400
    assert is_drf_error(refusal)


def test_a_wrong_password_is_401(api: Any):
    status, refusal = api("POST", "/user/login/", {"username": "visitor", "password": "lost-on-the-way"})
    assert (status, set(refusal)) == (401, {"detail"})
    assert is_drf_error(refusal)


def test_a_refused_login_changes_no_presence(api: Any):
    User.objects.create_user("waiting", password="kept-by-the-door")
    assert api("POST", "/user/login/", {"username": "waiting", "password": "lost-on-the-way"})[0] == 401
    assert not presence.users().filter(username="waiting").exists()


def test_a_disabled_account_cannot_log_in(api: Any):
    User.objects.create_user("barred", password="kept-by-the-door", is_active=False)
    status, refusal = api("POST", "/user/login/", {"username": "barred", "password": "kept-by-the-door"})
    assert status == 400
    assert is_drf_error(refusal)
    assert api("POST", "/user/login/", {"username": "barred", "password": "lost-on-the-way"})[0] == 401
    assert not presence.users().filter(username="barred").exists()


# User logout


def test_logout_needs_no_authentication(api: Any):
    api("POST", "/user/login/", LOGIN)
    status, body = api("POST", f"/user/logout/{visitor().pk}/")
    assert status == 200
    assert isinstance(body, dict)
    assert not is_present()


def test_logout_does_not_reveal_who_was_logged_in(api: Any):
    api("POST", "/user/login/", LOGIN)
    present = api("POST", f"/user/logout/{visitor().pk}/")
    absent = api("POST", f"/user/logout/{visitor().pk}/")
    assert present == absent


STRANGE_IDS = {
    "unknown": "2147483647",
    "zero": "0",
    "negative": "-1",
    "beyond 32 bits": "2147483648",
    "beyond 64 bits": "9223372036854775808",
    "huge": "9" * 200,
    "beyond what int() reads": "9" * 5000,
    "word": "visitor",
    "None": "None",
    "True": "True",
    "UUID": "8f14e45f-ceea-467f-a0e6-1b1f3f6b3d2c",
    "NUL": "\0",
    "line": "\n",
    "blank": " ",
    "infinite": "inf",
    "dots": "..",
    "not UTF-8": b"\xff",
    "quote": "' OR 1=1 --",
}


@pytest.mark.parametrize("user_id", STRANGE_IDS.values(), ids=STRANGE_IDS)
def test_an_unknown_user_id_is_400(api: Any, user_id: str | bytes):
    status, refusal = api("POST", f"/user/logout/{quote(user_id, safe='')}/")
    assert status == 400
    assert is_drf_error(refusal)


ALMOST = {
    "space before": " {}",
    "space after": "{} ",
    "NUL after": "{}\0",
    "line after": "{}\n",
    "zero before": "0{}",
    "plus": "+{}",
    "fraction": "{}.0",
    "exponent": "{}e0",
    "underscore": "0_{}",
}


@pytest.mark.parametrize("spelling", ALMOST.values(), ids=ALMOST)
def test_a_user_id_in_another_notation_is_400(api: Any, spelling: str):
    api("POST", "/user/login/", LOGIN)
    status, refusal = api("POST", f"/user/logout/{quote(spelling.format(visitor().pk), safe='')}/")
    assert status == 400
    assert is_drf_error(refusal)
    assert is_present()


@pytest.mark.parametrize("zero", ["٠", "०", "０"], ids=["Arabic", "Devanagari", "fullwidth"])
def test_a_user_id_in_non_ascii_digits_is_400(api: Any, zero: str):
    api("POST", "/user/login/", LOGIN)
    user_id = "".join(chr(ord(zero) + int(digit)) for digit in str(visitor().pk))
    assert int(user_id) == visitor().pk
    status, refusal = api("POST", f"/user/logout/{quote(user_id)}/")
    assert status == 400
    assert is_drf_error(refusal)
    assert is_present()


def test_every_unknown_id_gets_the_same_answer(api: Any):
    assert api("POST", "/user/logout/2147483647/") == api("POST", "/user/logout/visitor/")


# How to use


def test_a_user_registers_logs_in_and_logs_out(api: Any):
    registration = {"username": "guest", "email": "guest@example.com", "password": "kept-by-the-door"}
    status, registered = api("POST", "/user/register/", registration)
    assert status == 201
    assert api("POST", "/user/login/", {"username": "guest", "password": "kept-by-the-door"})[0] == 200
    assert api("POST", f"/user/logout/{registered['user_id']}/")[0] == 200


# Security considerations


def test_a_password_is_not_stored_in_plain_text(api: Any):
    assert "kept-by-the-door" not in visitor().password
    assert visitor().check_password("kept-by-the-door")


def test_logout_does_not_disable_the_account(api: Any):
    api("POST", f"/user/logout/{visitor().pk}/")
    assert visitor().is_active
    assert api("POST", "/user/login/", LOGIN)[0] == 200
    assert is_present()


def test_logout_ends_no_session_of_another_contract(api: Any):
    _status, body = api("POST", "/api/login/", LOGIN)
    assert api("POST", f"/user/logout/{visitor().pk}/")[0] == 200
    assert api("GET", "/api/me/", token=body["token"])[0] == 200


def test_logout_by_another_contract_keeps_the_presence(api: Any):
    api("POST", "/user/login/", LOGIN)
    _status, body = api("POST", "/api/login/", LOGIN)
    assert api("POST", "/api/logout/", token=body["token"])[0] == 200
    assert is_present()


# Where the document is silent


@pytest.mark.parametrize("path", ["/user/register/", "/user/login/"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null"])
def test_a_malformed_body_is_400(api: Any, path: str, content: bytes):
    status, refusal, _headers = api.send("POST", path, content)
    assert status == 400
    assert is_drf_error(refusal)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_only_a_post_logs_out(api: Any, method: str):
    api("POST", "/user/login/", LOGIN)
    assert api(method, f"/user/logout/{visitor().pk}/")[0] == 405
    assert is_present()


def test_a_server_error_is_json_like_drfs(api: Any):
    User.objects.create_user("unlucky presence", password="kept-by-the-door", first_name="Unlucky")
    body = {"username": "unlucky presence", "password": "kept-by-the-door"}
    status, refusal = call("POST", f"{api.address}/user/login/", body)
    assert (status, set(refusal)) == (500, {"detail"})
    assert not presence.users().filter(username="unlucky presence").exists()
