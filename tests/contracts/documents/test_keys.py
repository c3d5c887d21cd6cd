"""The document of the ``keys`` contract, in the order of the document: registration and login.

Its examples assume different contents of the database. Each test prepares what its example assumes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.contracts.documents.keys import is_error
from tests.support.http import call

User = get_user_model()
TOO_COMMON = ["This password is too common."]
USERNAME_TAKEN = ["A user with that username already exists."]
EMAIL_TAKEN = ["User with this email already exists."]
INVALID_CREDENTIALS = {"error": "Invalid credentials"}
LOGIN = {"username": "johndoe1", "password": "passwordaaaaa"}


def is_by_field(body: Any) -> bool:
    return all(isinstance(found, list) and set(map(type, found)) == {str} for found in body.values())


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
    for username in ["unknown", "former"]:
        body = {"username": username, "password": "passwordaaaaa"}
        assert api("POST", "/api/user/login/", body) == (400, INVALID_CREDENTIALS)


@pytest.mark.parametrize("missing", [{"username"}, {"password"}, {"username", "password"}])
def test_a_login_names_every_missing_field(api: Any, missing: set[str]):
    body = {name: value for name, value in LOGIN.items() if name not in missing}
    status, refusal = api("POST", "/api/user/login/", body)
    assert (status, set(refusal)) == (400, missing)
    assert is_by_field(refusal)


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
