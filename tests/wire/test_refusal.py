"""A refusal may have a body, headers and a status of the contract's own."""

from __future__ import annotations

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from django_simple_auth.contracts import native
from django_simple_auth.exceptions import InvalidCredentials, SimpleAuthError, TooManyAttempts
from django_simple_auth.throttling import attempts
from django_simple_auth.views import LogIn, LogOut, ShowAccount
from django_simple_auth.wire import Contract, Detail, Endpoint, Outcome, Refusal, StaticBody, View
from tests.support.client import PASSWORD
from tests.support.contracts import serve


class SecondStep(InvalidCredentials):
    """The password is right, and a code must follow."""

    code = "second_step"

    def __init__(self, data: dict[str, str]) -> None:
        super().__init__(data)
        self.data = data


class Challenge(serializers.Serializer):
    step = serializers.CharField(source="code")
    mfa_token = serializers.CharField(source="data.mfa_token")
    path = serializers.SerializerMethodField()

    def get_path(self, cause: Exception) -> str:
        return str(self.context["request"].path)


class LogInWithCode(LogIn):
    """Asks for a code."""

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        super().perform(request, **values)
        raise SecondStep({"mfa_token": "abc"})


LOG_IN = Endpoint("in/", LogInWithCode, request=native.Credentials, response=native.Session)
BOB = {"username": "bob", "password": PASSWORD}


@pytest.mark.parametrize("status", [None, 200, 401, 403])
def test_a_projects_own_cause_has_a_body_of_its_own(client: Any, user: Any, settings: Any, status: int | None):
    refusal = Refusal(status=status, body=Challenge, headers={"X-Step": "code"})
    serve(settings, LOG_IN, refusals={SecondStep: refusal})
    response = client.post("/x/in/", BOB)
    assert response.json() == {"step": "second_step", "mfa_token": "abc", "path": "/x/in/"}
    assert (response.status_code, response.headers["X-Step"]) == (status or 400, "code")
    assert response.headers.get("WWW-Authenticate") == ("Token" if status == 401 else None)
    assert response.headers["Cache-Control"] == "no-store"


def test_the_cause_above_it_keeps_the_contracts_shape(client: Any, user: Any, settings: Any):
    serve(settings, LOG_IN, refusals={SecondStep: Refusal(body=Challenge)})
    response = client.post("/x/in/", {**BOB, "password": "wrong"})
    assert response.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}


def test_a_contract_without_room_for_a_challenge_refuses(client: Any, user: Any, settings: Any):
    serve(settings, LOG_IN, refusals={InvalidCredentials: Refusal("No.")})
    assert client.post("/x/in/", BOB).json() == {"non_field_errors": ["No."]}


def test_causes_of_drf_may_have_a_body_and_headers(client: Any, db: None, settings: Any):
    missing = Refusal(body=StaticBody(ok=False), headers={"WWW-Authenticate": 'Token realm="shop"'})
    serve(settings, Endpoint("out/", LogOut, refusals={NotAuthenticated: missing}), language="en")
    # The suite's client accepts no other challenge than the default.
    response = type(client).__mro__[1]().post("/x/out/")
    assert (response.status_code, response.json()) == (401, {"ok": False})
    assert response.headers["WWW-Authenticate"] == 'Token realm="shop"'
    assert response.headers["Cache-Control"] == "no-store"


def test_headers_go_with_the_contracts_shape_too(client: Any, db: None, settings: Any):
    serve(settings, Endpoint("out/", LogOut), refusals={NotAuthenticated: Refusal(headers={"X-Login": "/in"})})
    response = client.post("/x/out/")
    assert (response.headers["X-Login"], set(response.json())) == ("/in", {"detail"})


def test_a_body_of_its_own_keeps_retry_after(client: Any, db: None, settings: Any, monkeypatch: Any):
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise TooManyAttempts(7)

    monkeypatch.setattr(attempts, "hit", refuse)
    serve(settings, LOG_IN, refusals={TooManyAttempts: Refusal(body=StaticBody(slow="down"))})
    response = client.post("/x/in/", BOB)
    assert (response.status_code, response.json()) == (429, {"slow": "down"})
    assert response.headers["Retry-After"] == "7"


class Broken(SimpleAuthError):
    code = "broken"


class Break(View):
    """Refuses."""

    name = "break"
    raises = (Broken,)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        raise Broken


@pytest.mark.parametrize(("challenge", "sent"), [(None, "Token"), ("Bearer", "Bearer")])
def test_a_401_challenges_as_the_contract_says(settings: Any, db: None, challenge: str | None, sent: str):
    from django.test import Client

    contract = serve(
        settings,
        Endpoint("me/", ShowAccount),
        Endpoint("break/", Break, refusals={Broken: Refusal(status=401)}),
        challenge=challenge,
    )
    invalid = Client().get("/x/me/", HTTP_AUTHORIZATION="Token dsa_x")
    for response in (Client().get("/x/me/"), invalid, Client().post("/x/break/")):
        assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, sent)
    assert contract.but().challenge == challenge


# What the OpenAPI document says about it


def described(*endpoints: Endpoint, refusals: Any) -> Any:
    """The document of such a contract."""
    contract = Contract(*endpoints, errors=native.contract.errors, refusals=refusals)
    return SchemaGenerator(patterns=contract.urls).get_schema(request=None, public=True)


def body_of(document: Any, path: str, status: int) -> Any:
    response = document["paths"][path]["post"]["responses"][str(status)]
    return response["content"]["application/json"]["schema"]


CHALLENGE = {"$ref": "#/components/schemas/Challenge"}


def test_a_body_of_its_own_is_described_under_its_status():
    document = described(LOG_IN, refusals={SecondStep: Refusal(body=Challenge, status=403)})
    assert body_of(document, "/in/", 403) == CHALLENGE
    assert set(document["components"]["schemas"]["Challenge"]["properties"]) == {"step", "mfa_token", "path"}


def test_bodies_of_one_status_are_described_side_by_side():
    document = described(LOG_IN, refusals={SecondStep: Refusal(body=Challenge)})
    bodies = body_of(document, "/in/", 400)["anyOf"]
    assert CHALLENGE in bodies
    assert native.contract.errors.schema(400) in bodies


def test_a_static_body_is_described_word_for_word():
    refusal = Refusal(body=Detail("Who are you?"), status=418)
    document = described(Endpoint("out/", LogOut), refusals={NotAuthenticated: refusal})
    assert body_of(document, "/out/", 418)["properties"]["detail"]["enum"] == ["Who are you?"]
