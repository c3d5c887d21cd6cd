"""The files that docs/login-steps.md shows, run as a project would run them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.urls import include, path

from django_simple_auth import accounts
from django_simple_auth.exceptions import InvalidCredentials
from tests.support.client import PASSWORD

BOB = {"username": "bob", "password": PASSWORD}


class URLs:
    urlpatterns = [
        path("captcha/", include("docs.examples.captcha")),
        path("auth/", include("docs.examples.second_factor")),
        path("api/auth/", include("django_simple_auth.urls")),
    ]


@pytest.fixture
def project(settings: Any, user: Any) -> Any:
    settings.ROOT_URLCONF = URLs
    return settings


def test_only_staff_log_in_where_the_project_says_so(project: Any):
    project.SIMPLE_AUTH = {"LOGIN_STEPS": ["docs.examples.staff_only.staff_only"]}
    with pytest.raises(InvalidCredentials):
        accounts.log_in(**BOB)
    get_user_model().objects.update(is_staff=True)
    assert accounts.log_in(**BOB)


def test_a_wrong_captcha_is_answered_alike_for_any_password(client: Any, project: Any):
    for password in [PASSWORD, "wrong"]:
        body = {"username": "bob", "password": password, "captcha": "wrong"}
        response = client.post("/captcha/login/", body)
        assert (response.status_code, response.json()) == (400, {"captcha": ["Please solve the captcha again."]})
    assert client.post("/captcha/login/", {**BOB, "captcha": "solved"}).status_code == 200


def test_a_login_needs_the_code_that_was_sent(client: Any, project: Any):
    project.SIMPLE_AUTH = {"LOGIN_STEPS": ["docs.examples.second_factor.code_by_email"], "THROTTLE_RATES": {}}

    def code() -> str:
        challenge = client.post("/auth/login/", BOB)
        assert challenge.status_code == 401
        assert challenge.json().items() >= {"code": "challenge_required", "sent_by": "email"}.items()
        (found,) = re.findall(r"\d{6}", str(mail.outbox.pop().body))
        return str(found)

    def answer(code: str) -> int:
        status: int = client.post("/auth/login/", {**BOB, "code": code}).status_code
        return status

    right = code()
    assert answer(right) == 200
    assert answer(right) == 400
    right = code()
    assert [answer("no"), answer(right)] == [400, 400]


def test_a_contract_without_a_field_for_the_code_lets_nobody_in(client: Any, project: Any):
    project.SIMPLE_AUTH = {"LOGIN_STEPS": ["docs.examples.second_factor.code_by_email"]}
    response = client.post("/api/auth/login/", {**BOB, "code": "123456"})
    assert response.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}
