"""The document of the ``email`` contract, in the order of the document."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from tests.support.http import call

User = get_user_model()

REGISTRATION = {
    "first_name": "John",
    "last_name": "Doe",
    "email": "john.doe@example.com",
    "password1": "Password123",
    "password2": "Password123",
}
ANOTHER = {**REGISTRATION, "email": "jane.doe@example.com"}
LOGIN = {"email": "john.doe@example.com", "password": "Password123"}

EMAIL_TAKEN = {"email": ["A user with this email already exists."]}
INVALID_CREDENTIALS = {"non_field_errors": ["Unable to log in with provided credentials."]}
LOGGED_OUT = {"detail": "Successfully logged out."}
NOT_LOGGED_IN = {"detail": "You should be logged in to logout. Check whether the token is passed."}


def john() -> Any:
    return User.objects.get(email="john.doe@example.com")


def logged_in(api: Any) -> str:
    _status, body = api("POST", "/api/users/login/", LOGIN)
    return body["key"]


def is_detail(body: Any) -> bool:
    return set(body) == {"detail"} and isinstance(body["detail"], str)


def is_by_field(body: Any) -> bool:
    return all(isinstance(found, list) and set(map(type, found)) == {str} for found in body.values())


# Registration


def test_a_user_registers(api: Any):
    status, body = api("POST", "/api/users/registration/", REGISTRATION)
    assert (status, body) == (
        201,
        {"id": john().pk, "first_name": "John", "last_name": "Doe", "email": "john.doe@example.com"},
    )
    assert type(body["id"]) is int
    assert (john().first_name, john().last_name) == ("John", "Doe")
    assert john().check_password("Password123")


def test_all_errors_come_at_once_under_the_clients_field_names(api: Any):
    body = {**REGISTRATION, "password1": "Password", "password2": "Passw0rd"}
    assert api("POST", "/api/users/registration/", body) == (
        400,
        {
            "email": ["A user with this email already exists."],
            "password1": ["Password must contain at least one numeral."],
            "password2": ["The two password fields did not match."],
        },
    )


@pytest.mark.parametrize("email", ["john.doe@example.com", "John.Doe@Example.com", "JOHN.DOE@EXAMPLE.COM"])
def test_an_email_is_unique_regardless_of_case(api: Any, email: str):
    assert api("POST", "/api/users/registration/", {**REGISTRATION, "email": email}) == (400, EMAIL_TAKEN)


def test_one_of_several_concurrent_registrations_succeeds(api: Any):
    bodies = [
        {**REGISTRATION, "email": email}
        for email in ["twin.doe@example.com", "Twin.Doe@example.com", "TWIN.DOE@EXAMPLE.COM", "twin.doe@EXAMPLE.com"]
    ]
    answers = api.at_once("POST", "/api/users/registration/", bodies)
    assert Counter(status for status, _body in answers) == {201: 1, 400: 3}
    assert [body for status, body in answers if status == 400] == [EMAIL_TAKEN] * 3


@pytest.mark.parametrize(
    ("password", "errors"),
    [
        ("Passwo1", 1),
        ("Password", 1),
        ("12345678", 1),
        ("Passwor", 2),
        ("1234567", 2),
        ("!!!!!!!!", 2),
        ("!!", 3),
    ],
)
def test_the_documents_password_rules_come_first(api: Any, password: str, errors: int):
    body = {**ANOTHER, "password1": password, "password2": password}
    status, refusal = api("POST", "/api/users/registration/", body)
    assert (status, refusal) == (400, {"password1": refusal["password1"]})
    assert len(refusal["password1"]) == errors
    assert all(text.startswith("Password must ") for text in refusal["password1"])


def test_a_password_without_a_numeral_gets_the_documents_text(api: Any):
    body = {**ANOTHER, "password1": "Passwordaaaaa", "password2": "Passwordaaaaa"}
    assert api("POST", "/api/users/registration/", body) == (
        400,
        {"password1": ["Password must contain at least one numeral."]},
    )


def test_passwords_that_differ_get_the_documents_text(api: Any):
    body = {**ANOTHER, "password2": "Password124"}
    assert api("POST", "/api/users/registration/", body) == (
        400,
        {"password2": ["The two password fields did not match."]},
    )


def test_the_projects_password_validators_apply_too(api: Any):
    body = {**ANOTHER, "password1": "password1", "password2": "password1"}
    assert api("POST", "/api/users/registration/", body) == (400, {"password1": ["This password is too common."]})


@pytest.mark.parametrize(
    "missing",
    [
        {"first_name"},
        {"last_name"},
        {"email"},
        {"password1"},
        {"password2"},
        {"first_name", "email"},
        set(REGISTRATION),
    ],
)
def test_every_missing_field_is_named(api: Any, missing: set[str]):
    body = {name: value for name, value in ANOTHER.items() if name not in missing}
    status, refusal = api("POST", "/api/users/registration/", body)
    assert status == 400
    assert missing <= set(refusal) <= missing | {"password2"}
    assert is_by_field(refusal)


def test_a_refused_registration_creates_no_user(api: Any):
    assert not User.objects.filter(email=ANOTHER["email"]).exists()


# Login


def test_a_user_logs_in_by_email(api: Any):
    status, body = api("POST", "/api/users/login/", LOGIN)
    assert (status, body) == (200, {"key": body["key"]})
    assert isinstance(body["key"], str)


@pytest.mark.parametrize("email", ["John.Doe@example.com", "JOHN.DOE@EXAMPLE.COM"])
def test_a_user_logs_in_regardless_of_case(api: Any, email: str):
    assert api("POST", "/api/users/login/", {**LOGIN, "email": email})[0] == 200


@pytest.mark.parametrize("wrong", [{"password": "Password124"}, {"email": "unknown@example.com"}])
def test_wrong_credentials_get_the_same_answer(api: Any, wrong: dict[str, str]):
    assert api("POST", "/api/users/login/", {**LOGIN, **wrong}) == (
        400,
        {"non_field_errors": ["Unable to log in with provided credentials."]},
    )


def test_a_disabled_account_gets_its_own_text(api: Any, disable: Any):
    disable("john.doe@example.com")
    assert api("POST", "/api/users/login/", LOGIN) == (400, {"non_field_errors": ["User account is disabled."]})


def test_a_wrong_password_does_not_reveal_a_disabled_account(api: Any, disable: Any):
    disable("john.doe@example.com")
    assert api("POST", "/api/users/login/", {**LOGIN, "password": "Password124"}) == (400, INVALID_CREDENTIALS)


@pytest.mark.parametrize("missing", [{"email"}, {"password"}, {"email", "password"}])
def test_a_login_names_every_missing_field(api: Any, missing: set[str]):
    body = {name: value for name, value in LOGIN.items() if name not in missing}
    status, refusal = api("POST", "/api/users/login/", body)
    assert (status, set(refusal)) == (400, missing)
    assert is_by_field(refusal)


@pytest.mark.parametrize("token", ["abc123def456ghi789jkl", token_format.generate("dsa")])
def test_registration_and_login_ignore_the_token(api: Any, token: str):
    assert api("POST", "/api/users/registration/", REGISTRATION, token) == (400, EMAIL_TAKEN)
    assert api("POST", "/api/users/login/", LOGIN, token)[0] == 200


# Logout


def test_a_user_logs_out(api: Any):
    assert api("POST", "/api/users/logout/", token=logged_in(api)) == (200, {"detail": "Successfully logged out."})


def test_logout_without_a_token_is_400(api: Any):
    assert api("POST", "/api/users/logout/") == (
        400,
        {"detail": "You should be logged in to logout. Check whether the token is passed."},
    )


def test_logout_invalidates_the_token(api: Any):
    token = logged_in(api)
    assert api("POST", "/api/users/logout/", token=token) == (200, LOGGED_OUT)
    assert api("GET", "/api/me/", token=token)[0] == 401
    status, refusal = api("POST", "/api/users/logout/", token=token)
    assert status in {400, 401}
    assert is_detail(refusal)


# Token expiration


def test_a_token_expires_after_the_configured_seconds(api: Any):
    AuthToken.objects.filter(user=john()).delete()
    logged_in(api)
    row = AuthToken.objects.get(user=john())
    assert row.expires_at - row.created_at == timedelta(seconds=3600)


def test_an_expired_token_is_refused_and_deleted(api: Any):
    token = logged_in(api)
    row = AuthToken.objects.filter(user=john()).latest("pk")
    row.expires_at = system_clock.now()
    row.save()
    status, refusal = api("POST", "/api/users/logout/", token=token)
    assert status in {400, 401}
    assert is_detail(refusal)
    assert refusal != NOT_LOGGED_IN
    assert not AuthToken.objects.filter(pk=row.pk).exists()


def test_after_expiry_a_login_returns_a_new_token(api: Any):
    expired = logged_in(api)
    AuthToken.objects.filter(user=john()).update(expires_at=system_clock.now())
    fresh = logged_in(api)
    assert fresh != expired
    assert api("GET", "/api/me/", token=expired)[0] == 401
    assert api("POST", "/api/users/logout/", token=fresh) == (200, LOGGED_OUT)


# Example usage


def test_the_token_in_the_example_is_refused(api: Any):
    status, refusal, _headers = api.send(
        "POST", "/api/users/logout/", headers={"Authorization": "Token abc123def456ghi789jkl"}
    )
    assert status in {400, 401}
    assert is_detail(refusal)


# Where the document is silent


@pytest.mark.parametrize("path", ["/api/users/registration/", "/api/users/login/"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null"])
def test_a_malformed_body_is_400(api: Any, path: str, content: bytes):
    status, refusal, _headers = api.send("POST", path, content)
    assert status == 400
    assert is_detail(refusal) or is_by_field(refusal)


@pytest.mark.parametrize("path", ["/api/users/registration/", "/api/users/login/", "/api/users/logout/"])
def test_another_method_is_405(api: Any, path: str):
    status, refusal = api("GET", path)
    assert status == 405
    assert is_detail(refusal)


def test_a_server_error_is_json_like_drfs(api: Any):
    User.objects.create_user("unlucky email", "unlucky@example.com", "Password123", first_name="Unlucky")
    body = {"email": "unlucky@example.com", "password": "Password123"}
    status, refusal = call("POST", f"{api.address}/api/users/login/", body)
    assert status == 500
    assert is_detail(refusal)
