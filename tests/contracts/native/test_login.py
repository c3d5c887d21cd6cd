"""POST login/ of the native contract, and its limits."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth.mail import delivery
from django_simple_auth.models import AuthToken
from tests.contracts.native.cases import API, INVALID, log_in
from tests.support.client import PASSWORD


def test_login_answers_token_expiry_and_account(client: Any, user: Any):
    response = client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD})
    body = response.json()
    assert response.status_code == 200
    assert body == {
        "token": body["token"],
        "expires_at": AuthToken.objects.get().expires_at.isoformat().replace("+00:00", "Z"),
        "user": {"id": user.pk, "username": "bob", "email": "bob@example.com"},
    }


def test_a_token_without_expiry_says_null(client: Any, user: Any, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    assert log_in(client)["expires_at"] is None


@pytest.mark.parametrize("case", ["unknown user", "wrong password", "inactive"])
def test_every_wrong_login_gets_the_same_answer(client: Any, user: Any, case: str):
    get_user_model().objects.update(is_active=case != "inactive")
    username = "unknown" if case == "unknown user" else "bob"
    password = "wrong" if case == "wrong password" else PASSWORD
    response = client.post(f"{API}/login/", {"username": username, "password": password})
    assert response.status_code == 400
    assert response.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_a_login_with_an_invalid_username_is_400(client: Any, db: None, value: Any):
    assert client.post(f"{API}/login/", {"username": value, "password": PASSWORD}).status_code == 400


# The device


@pytest.mark.parametrize(
    ("sent", "agent", "kept"),
    [
        ({"device": "Bob's phone"}, "Mozilla/5.0", "Bob's phone"),
        ({"device": ""}, "Mozilla/5.0", "Mozilla/5.0"),
        ({}, "Mozilla/5.0\x01" + "x" * 100, "Mozilla/5.0" + "x" * 89),
    ],
)
def test_a_device_has_the_name_sent_or_its_user_agent(
    client: Any, user: Any, sent: dict[str, str], agent: str, kept: str
):
    body = {"username": "bob", "password": PASSWORD, **sent}
    client.post(f"{API}/login/", body, HTTP_USER_AGENT=agent)
    assert AuthToken.objects.get().name == kept


@pytest.mark.parametrize("device", [7, None, ["x"], "x" * 101, "a\0b", "\ud800"])
def test_an_invalid_device_is_400_under_its_field(client: Any, user: Any, device: Any):
    response = client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD, "device": device})
    assert (response.status_code, set(response.json())) == (400, {"device"})


# Limits


@pytest.mark.parametrize(
    ("scope", "rate", "path", "body"),
    [
        ("login", "2/min", "login", {"username": "bob", "password": "x"}),
        ("login_account", "2/min", "login", {"username": "bob", "password": "x"}),
        ("register", "2/hour", "register", {}),
    ],
)
def test_above_the_limit_is_429(client: Any, user: Any, settings: Any, scope: str, rate: str, path: str, body: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {scope: rate}}
    assert [client.post(f"{API}/{path}/", body).status_code for _ in range(3)] == [400, 400, 429]
    response = client.post(f"{API}/{path}/", body)
    assert response.json()["code"] == "throttled"
    assert 0 < int(response.headers["Retry-After"]) <= 3600


def test_all_spellings_of_a_name_count_as_one_account(client: Any, user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"login_account": "1/min"}}
    statuses = [
        client.post(f"{API}/login/", {"username": name, "password": "x"}).status_code for name in ["bob", "BOB", "eve"]
    ]
    assert statuses == [400, 429, 400]


def test_limits_are_on_without_any_setting(client: Any, user: Any, settings: Any):
    del settings.SIMPLE_AUTH
    statuses = [client.post(f"{API}/login/", {"username": "x", "password": "x"}).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]


def test_login_costs_at_most_five_queries_and_logout_two(
    client: Any, transactional_db: None, settings: Any, monkeypatch: Any
):
    # With all its limits. A thread writes the message about the new device where there is a mail server.
    del settings.SIMPLE_AUTH
    monkeypatch.setattr(delivery, "_hand_over", lambda *message: None)
    get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)
    with CaptureQueriesContext(connection) as queries:
        log_in(client)
    assert len(queries) <= 5
    with CaptureQueriesContext(connection) as queries:
        client.post(f"{API}/logout/")
    assert len([query for query in queries if query["sql"] not in {"BEGIN", "COMMIT"}]) == 2
