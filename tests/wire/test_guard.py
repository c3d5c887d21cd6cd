"""What a view checks before it looks up anything that reveals who has an account."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client as DjangoClient
from django.test.utils import CaptureQueriesContext
from rest_framework import serializers
from rest_framework.request import Request

from django_simple_auth.contracts import native
from django_simple_auth.exceptions import NotAllowed
from django_simple_auth.views import LogIn, Register
from django_simple_auth.wire import Endpoint, Outcome, PasswordField
from docs.examples import captcha
from tests.support.client import PASSWORD
from tests.support.contracts import mount, serve

ANN = {"username": "ann", "email": "ann@example.com", "password": PASSWORD, "captcha": "solved"}
BOB = {"username": "bob", "email": "bob@example.com", "password": "123", "captcha": "wrong"}
FAILED = ["Please solve the captcha again."]


@pytest.fixture
def register(client: Any, db: None, settings: Any) -> Any:
    """The documented contract's registration."""
    mount(settings, captcha.contract)
    return lambda **body: client.post("/x/register/", body)


def test_a_solved_captcha_makes_an_account(register: Any):
    response = register(**ANN)
    assert response.status_code == 201
    assert get_user_model().objects.get().username == "ann"


def test_a_wrong_captcha_reveals_nothing_about_names(user: Any, register: Any):
    with CaptureQueriesContext(connection) as queries:
        response = register(**BOB)
    assert (response.status_code, response.json()) == (400, {"captcha": FAILED})
    assert len(queries) == 0


def test_a_wrong_captcha_comes_with_errors_of_shape_only(user: Any, register: Any):
    response = register(username="bob", email="nowhere", captcha="wrong")
    assert set(response.json()) == {"captcha", "email", "password"}
    assert response.json()["captcha"] == FAILED


def test_a_missing_captcha_reveals_nothing_about_names(user: Any, register: Any):
    response = register(username="bob", email="bob@example.com", password=PASSWORD)
    assert response.json() == {"captcha": ["This field is required."]}


def test_after_a_solved_captcha_all_errors_come_at_once(user: Any, register: Any):
    response = register(**{**BOB, "email": "nowhere", "captcha": "solved"})
    assert set(response.json()) == {"username", "email", "password"}


def test_a_neutral_registration_can_have_a_captcha(user: Any, register: Any, settings: Any, mailbox: Any):
    settings.SIMPLE_AUTH = {**settings.SIMPLE_AUTH, "REGISTRATION": "verify_first"}
    assert register(**{**BOB, "password": PASSWORD}).status_code == 400
    assert register(**{**BOB, "username": "robert", "password": PASSWORD, "captcha": "solved"}).status_code == 202


class SignIn(serializers.Serializer):
    name = serializers.CharField(source="username")
    secret = PasswordField(source="password")
    puzzle = serializers.CharField(source="captcha")


class GuardedLogIn(LogIn):
    raises = (*LogIn.raises, NotAllowed)

    def guard(self, request: Request, values: dict[str, Any]) -> None:
        if values.get("captcha") == "robot":
            raise NotAllowed
        if values.pop("captcha", "") != "solved":
            raise captcha.CaptchaFailed

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        assert "captcha" not in values
        return super().perform(request, **values)


class Username(serializers.Serializer):
    name = serializers.CharField(source="username")


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        ({"puzzle": "solved"}, 200, {"name": "bob"}),
        ({"puzzle": "wrong"}, 400, {"puzzle": FAILED}),
        ({"puzzle": "robot"}, 403, {"detail": "The request was refused."}),
        ({"puzzle": "robot", "secret": None}, 403, {"detail": "The request was refused."}),
    ],
)
def test_a_guard_runs_before_any_flow(
    client: Any, user: Any, settings: Any, sent: dict[str, str], status: int, body: Any
):
    serve(settings, Endpoint("in/", GuardedLogIn, request=SignIn, response=Username))
    response = client.post("/x/in/", {"name": "bob", "secret": PASSWORD, **sent})
    assert (response.status_code, response.json()) == (status, body)


class GuardThatReturnsFalse(LogIn):
    def guard(self, request: Request, values: dict[str, Any]) -> Any:
        return False


def test_a_guard_that_returns_something_lets_nobody_in(user: Any, settings: Any):
    serve(settings, Endpoint("in/", GuardThatReturnsFalse, request=native.Credentials, response=native.Session))
    with pytest.raises(TypeError, match=r"GuardThatReturnsFalse.guard\(\) must return None"):
        DjangoClient().post("/x/in/", {"username": "bob", "password": PASSWORD}, content_type="application/json")


class WithShoeSize(native.Registration):
    shoe_size = serializers.IntegerField()
    first_name = serializers.CharField()


def test_a_field_that_nothing_takes_is_harmless(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("new/", Register, request=WithShoeSize, response=native.OwnAccount))
    response = client.post("/x/new/", {**ANN, "shoe_size": 43, "first_name": "Ann"})
    assert (response.status_code, response.json()["first_name"]) == (201, "Ann")
