"""me/ of the native contract."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import issuing
from tests.contracts.native.cases import API, INVALID, log_in
from tests.support.client import PASSWORD


def test_me_answers_the_account(client: Any, user: Any):
    log_in(client)
    response = client.get(f"{API}/me/")
    assert (response.status_code, response.json()) == (
        200,
        {"id": user.pk, "username": "bob", "email": "bob@example.com", "first_name": "", "last_name": ""},
    )


# PATCH


def test_a_patch_changes_only_what_is_sent(client: Any, user: Any):
    log_in(client)
    get_user_model().objects.update(last_name="Builder")
    response = client.send("PATCH", f"{API}/me/", {"username": "robert", "first_name": "Robert"})
    assert (response.status_code, response.json()) == (
        200,
        {
            "id": user.pk,
            "username": "robert",
            "email": "bob@example.com",
            "first_name": "Robert",
            "last_name": "Builder",
        },
    )
    stored = get_user_model().objects.get()
    assert (stored.username, stored.first_name, stored.last_name) == ("robert", "Robert", "Builder")
    client.send("PATCH", f"{API}/me/", {"first_name": ""})
    assert get_user_model().objects.get().first_name == ""
    assert client.send("PATCH", f"{API}/me/", {}).status_code == 200


@pytest.mark.parametrize(
    "extra",
    [
        {"is_staff": True},
        {"id": 7},
        {"is_active": False},
        {"email": "eve@example.com"},
        {"password": "x", "groups": [1]},
    ],
)
def test_a_change_stores_only_fields_of_the_contract(client: Any, user: Any, extra: dict[str, Any]):
    log_in(client)
    before = get_user_model().objects.values().get()
    assert client.send("PATCH", f"{API}/me/", {**extra, "first_name": "Robert"}).status_code == 200
    assert get_user_model().objects.values().get() == {**before, "first_name": "Robert"}


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
@pytest.mark.parametrize("field", ["username", "first_name", "last_name"])
def test_an_invalid_change_is_400_under_its_field(client: Any, user: Any, field: str, value: Any):
    log_in(client)
    response = client.send("PATCH", f"{API}/me/", {field: value})
    if response.status_code == 200:
        # Some of these values are valid first and last names.
        assert field != "username"
    else:
        assert (response.status_code, set(response.json())) == (400, {field})


def test_a_taken_username_is_400_under_its_field(client: Any, user: Any):
    get_user_model().objects.create_user("ann")
    log_in(client)
    response = client.send("PATCH", f"{API}/me/", {"username": "ANN"})
    assert (response.status_code, response.json()) == (
        400,
        {"username": ["A user with that username already exists."]},
    )


# DELETE


def test_deleting_the_account_needs_its_password(client: Any, user: Any):
    log_in(client)
    response = client.send("DELETE", f"{API}/me/", {"current_password": "wrong"})
    assert (response.status_code, response.json()) == (
        400,
        {"current_password": ["This is not your current password."]},
    )
    assert client.send("DELETE", f"{API}/me/").status_code == 400
    assert client.send("DELETE", f"{API}/me/", {"current_password": PASSWORD}).status_code == 204
    assert not get_user_model().objects.exists()
    assert client.get(f"{API}/me/").status_code == 401


def test_a_project_may_refuse_a_deletion_and_say_why(client: Any, user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": "tests.accounts.test_deletion.refuse", "THROTTLE_RATES": {}}
    log_in(client)
    response = client.send("DELETE", f"{API}/me/", {"current_password": PASSWORD})
    assert (response.status_code, response.json()) == (400, {"non_field_errors": ["There are unpaid bills."]})


# With an API key


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_an_api_key_changes_nothing_of_the_account(client: Any, user: Any, method: str):
    client.token = issuing.issue(user, AuthToken.Purpose.KEY).secret
    body = {"first_name": "Robert", "current_password": PASSWORD}
    assert client.send(method, f"{API}/me/", body).status_code == 403
    assert get_user_model().objects.get().first_name == ""
