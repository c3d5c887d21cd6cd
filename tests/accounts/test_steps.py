"""Login steps: SIMPLE_AUTH["LOGIN_STEPS"] and ``LogIn.check``, in every contract and without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import include, path
from rest_framework import serializers

from django_simple_auth import accounts
from django_simple_auth.accounts.login import LoginAttempt
from django_simple_auth.contracts import native
from django_simple_auth.contracts import presence as presence_contract
from django_simple_auth.exceptions import (
    InvalidCredentials,
    TooManyAttempts,
)
from django_simple_auth.models import AuthToken, Presence
from django_simple_auth.views import LogIn, LogInWithoutToken
from django_simple_auth.wire import Contract, Endpoint
from tests.support.client import PASSWORD
from tests.support.steps import look, refuse, seen, use_steps
from tests.support.throttling import only

User = get_user_model()


BOB = {"username": "bob", "password": PASSWORD}


class RefusingLogIn(LogIn):
    def check(self, attempt: LoginAttempt) -> None:
        refuse(attempt)


class RefusingLogInWithoutToken(LogInWithoutToken):
    def check(self, attempt: LoginAttempt) -> None:
        refuse(attempt)


class Credentials(native.Credentials):
    answer = serializers.CharField(source="code", required=False)


class LookingLogIn(LogIn):
    def check(self, attempt: LoginAttempt) -> None:
        attempt.user.first_name += "check"
        look(attempt)


def mount(contract: Contract, request: Any, response: Any, view: type[LogIn], url: str = "login/") -> Any:
    """The contract with this view for its login."""
    return include(contract.but(Endpoint(url, view, request=request, response=response)).urls)


class URLs:
    urlpatterns = [
        path("refusing/", mount(native.contract, native.Credentials, native.Session, RefusingLogIn)),
        path("looking/", mount(native.contract, Credentials, native.Session, LookingLogIn)),
        path(
            "presence/",
            mount(
                presence_contract.contract,
                presence_contract.Credentials,
                presence_contract.User,
                RefusingLogInWithoutToken,
                "user/login/",
            ),
        ),
    ]


@pytest.fixture
def outcomes(client: Any, user: Any, settings: Any) -> Callable[[str], list[int]]:
    """The statuses of 200 logins with the right password; without HTTP, the statuses of the exceptions."""

    def without_http() -> int:
        try:
            accounts.log_in(**BOB)
        except TooManyAttempts:
            return 429
        except InvalidCredentials:
            return 400
        raise AssertionError("Nothing refused the login.")

    def outcomes(way: str) -> list[int]:
        if way == "without HTTP":
            return [without_http() for _ in range(200)]
        return [client.post(way, BOB).status_code for _ in range(200)]

    return outcomes


@pytest.mark.parametrize("way", ["/refusing/login/", "/presence/user/login/"])
def test_a_failing_check_is_counted_like_a_wrong_password(outcomes: Any, settings: Any, way: str):
    settings.ROOT_URLCONF = URLs
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="10/min")}
    assert outcomes(way) == [400] * 10 + [429] * 190


@pytest.mark.parametrize("step", ["refuse", "challenge"])
@pytest.mark.parametrize("way", ["/api/auth/login/", "/contracts/presence/user/login/", "without HTTP"])
def test_a_failing_step_is_counted_like_a_wrong_password(outcomes: Any, settings: Any, way: str, step: str):
    use_steps(settings, step, THROTTLE_RATES=only(login_account="10/min"))
    assert outcomes(way) == [400] * 10 + [429] * 190


PLAIN = {"non_field_errors": ["Unable to log in with provided credentials."]}


LOGINS: list[tuple[str, dict[str, str], Any]] = [
    ("/api/auth/login/", BOB, PLAIN),
    ("/contracts/message/login/", BOB, {"error": "Invalid credentials"}),
    ("/contracts/profile/token/", BOB, PLAIN),
    ("/contracts/keys/user/login/", BOB, {"error": "Invalid credentials"}),
    ("/contracts/email/users/login/", {"email": "bob@example.com", "password": PASSWORD}, PLAIN),
    ("/contracts/presence/user/login/", BOB, PLAIN),
]


@pytest.mark.parametrize("step", ["refuse", "challenge"])
@pytest.mark.parametrize(("url", "body", "refusal"), LOGINS, ids=[url for url, *_ in LOGINS])
def test_every_contract_shows_a_failing_step_in_its_shape(
    client: Any, user: Any, settings: Any, url: str, body: Any, refusal: Any, step: str
):
    assert client.post(url, body).status_code == 200
    AuthToken.objects.all().delete()
    Presence.objects.all().delete()
    use_steps(settings, step)
    response = client.post(url, body)
    assert (response.status_code, response.json()) == (400, refusal)
    assert not AuthToken.objects.exists()
    assert not Presence.objects.exists()


def test_a_step_may_raise_its_own_exception(client: Any, user: Any, settings: Any):
    use_steps(settings, "close")
    response = client.post("/api/auth/login/", BOB)
    assert (response.status_code, response.json()) == (400, {"non_field_errors": ["Please come back tomorrow."]})


def test_a_step_gets_the_whole_attempt(client: Any, user: Any, settings: Any):
    settings.ROOT_URLCONF = URLs
    use_steps(settings, "look")
    body = {**BOB, "device": "phone", "answer": "123456"}
    assert client.post("/looking/login/", body, REMOTE_ADDR="192.0.2.1").status_code == 200
    attempt, _again = seen
    assert attempt.user == user
    assert attempt.request is not None
    assert attempt.request.path == "/looking/login/"
    assert (attempt.ip_address, attempt.device, attempt.extra) == ("192.0.2.1", "phone", {"code": "123456"})
    assert "123456" not in repr(attempt)


def test_the_settings_steps_run_before_the_views_check(client: Any, user: Any, settings: Any):
    settings.ROOT_URLCONF = URLs
    use_steps(settings, "look", "refuse")
    assert client.post("/looking/login/", BOB).status_code == 400
    assert [attempt.user.first_name for attempt in seen] == [""]
    use_steps(settings, "look")
    assert client.post("/looking/login/", BOB).status_code == 200
    assert len(seen) == 3


def test_the_user_agent_is_the_default_device_name(client: Any, user: Any, settings: Any):
    use_steps(settings, "look")
    client.post("/api/auth/login/", BOB, HTTP_USER_AGENT="curl")
    assert [attempt.device for attempt in seen] == ["curl"]


@pytest.mark.parametrize("url", ["/api/auth/login/", "/contracts/presence/user/login/"])
@pytest.mark.parametrize("changed", [{"is_staff": False}, {"first_name": "Robert"}])
def test_nothing_is_granted_if_a_steps_condition_fails(client: Any, user: Any, settings: Any, url: str, changed: Any):
    use_steps(settings, "bind_to_staff")
    User.objects.update(is_staff=True)
    assert client.post(url, BOB).status_code == 200
    AuthToken.objects.all().delete()
    Presence.objects.all().delete()
    User.objects.update(**changed)
    assert client.post(url, BOB).status_code == 400
    assert not AuthToken.objects.exists()
    assert not Presence.objects.exists()
