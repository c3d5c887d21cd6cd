"""POST register/ of the native contract."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.contracts.native.cases import API, INVALID, NEW
from tests.support.client import PASSWORD


def test_register_answers_the_account(client: Any, db: None):
    response = client.post(f"{API}/register/", NEW)
    assert response.status_code == 201
    assert response.json() == {"id": get_user_model().objects.get().pk, "username": "ann", "email": "ann@example.com"}


def test_taken_names_and_weak_passwords_are_named_by_field(client: Any, user: Any):
    response = client.post(f"{API}/register/", {"username": "BOB", "email": "BOB@example.com", "password": "123"})
    assert response.status_code == 400
    assert response.json() == {
        "username": ["A user with that username already exists."],
        "email": ["A user with that email already exists."],
        "password": [
            "This password is too short. It must contain at least 8 characters.",
            "This password is too common.",
            "This password is entirely numeric.",
        ],
    }


def test_errors_of_shape_and_content_come_together(client: Any, user: Any):
    response = client.post(f"{API}/register/", {"username": "bob", "password": "123456789"})
    assert set(response.json()) == {"username", "email", "password"}
    assert response.json()["email"] == ["This field is required."]


@pytest.mark.parametrize("extra", [{"is_staff": True}, {"id": 7}, {"is_superuser": True}, {"is_active": False}])
def test_registration_stores_only_fields_of_the_contract(client: Any, db: None, extra: dict[str, Any]):
    client.post(f"{API}/register/", {**NEW, **extra})
    registered = get_user_model().objects.get()
    assert (registered.is_staff, registered.is_superuser, registered.is_active) == (False, False, True)
    assert registered.pk != 7 or "id" not in extra


def test_a_password_is_taken_exactly_as_sent(client: Any, db: None):
    client.post(f"{API}/register/", {**NEW, "password": f" {PASSWORD} "})
    assert client.post(f"{API}/login/", {**NEW, "password": PASSWORD}).status_code == 400
    assert client.post(f"{API}/login/", {**NEW, "password": f" {PASSWORD} "}).status_code == 200


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("field", ["username", "email"])
def test_an_invalid_value_is_400_under_its_field(client: Any, db: None, field: str, value: Any):
    response = client.post(f"{API}/register/", {**NEW, field: value})
    assert response.status_code == 400
    assert set(response.json()) == {field}


@pytest.mark.parametrize("value", [7, True, None, ["x"], {}, "", "a\0b", "\ud800", "x" * 1_000_000])
def test_an_invalid_password_is_400_under_its_field(client: Any, user: Any, value: Any):
    for path in ["register", "login"]:
        response = client.post(f"{API}/{path}/", {**NEW, "password": value})
        assert response.status_code == 400
        assert set(response.json()) == {"password"}


def test_a_very_long_name_is_refused_before_it_is_folded(client: Any, db: None, monkeypatch: Any):
    from django_simple_auth.identity import folding

    folded: list[int] = []
    monkeypatch.setattr(folding, "fold", lambda text: folded.append(len(text)) or text)
    response = client.post(f"{API}/register/", {**NEW, "username": "\ufdfa" * 100_000})
    assert response.json() == {"username": ["Ensure this field has no more than 1024 characters."]}
    assert max(folded, default=0) < 1024
