"""What a project does wrong with a login step lets nobody in, and tells nobody whose password was right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from django_simple_auth import accounts
from django_simple_auth.accounts.login import LoginAttempt
from django_simple_auth.exceptions import InvalidCredentials
from django_simple_auth.models import AuthToken
from tests.support.client import PASSWORD

HERE = "tests.accounts.test_step_mistakes"


def is_staff(attempt: LoginAttempt) -> bool:
    return bool(attempt.user.is_staff)  # type: ignore[attr-defined]


async def refuse_later(attempt: LoginAttempt) -> None:
    raise InvalidCredentials  # pragma: no cover


class Refuse:
    def __init__(self, attempt: LoginAttempt) -> None:
        self.attempt = attempt


@pytest.mark.parametrize("step", ["is_staff", "refuse_later", "Refuse"])
def test_a_step_that_returns_something_lets_nobody_in(user: Any, settings: Any, step: str):
    settings.SIMPLE_AUTH = {"LOGIN_STEPS": [f"{HERE}.{step}"]}
    with pytest.raises(TypeError, match="raise a SimpleAuthError to refuse"):
        accounts.log_in(username="bob", password=PASSWORD)
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_a_step_that_cannot_be_imported_tells_no_password(user: Any, settings: Any, password: str):
    settings.SIMPLE_AUTH = {"LOGIN_STEPS": [f"{HERE}.misspelt"]}
    body = json.dumps({"username": "bob", "password": password})
    client = Client(raise_request_exception=False)
    assert client.post("/api/auth/login/", body, content_type="application/json").status_code == 500
