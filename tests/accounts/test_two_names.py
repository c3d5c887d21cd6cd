"""A login that names a user twice: by ``username`` and by ``email``, as some clients send it."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers

from django_simple_auth import accounts, signals
from django_simple_auth.contracts import native
from django_simple_auth.exceptions import InvalidCredentials, TooManyAttempts
from django_simple_auth.views import LogIn
from django_simple_auth.wire import Endpoint
from tests.support.client import PASSWORD
from tests.support.contracts import serve
from tests.support.throttling import only

EMAIL = "bob@example.com"


class Credentials(serializers.Serializer):
    """As dj-rest-auth has it."""

    username = serializers.CharField(required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    password = serializers.CharField()


@pytest.mark.parametrize("scope", ["login_account", "login_identifier"])
def test_attempts_count_under_the_name_that_is_looked_up(user: Any, settings: Any, scope: str):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(**{scope: "2/min"})}
    for number in range(2):
        with pytest.raises(InvalidCredentials):
            accounts.log_in(username=f"name{number}", email=EMAIL, password="wrong")
    with pytest.raises(TooManyAttempts):
        accounts.log_in(username="name3", email=EMAIL, password=PASSWORD)


@pytest.mark.parametrize(
    ("username", "email", "status"),
    [("bob", "", 200), ("", EMAIL, 200), ("eve", EMAIL, 200), ("bob", "eve@example.com", 400), ("", "", 400)],
)
def test_the_email_address_counts_unless_it_is_empty(
    client: Any, user: Any, settings: Any, username: str, email: str, status: int
):
    serve(settings, Endpoint("in/", LogIn, request=Credentials, response=native.Session))
    body = {"username": username, "email": email, "password": PASSWORD}
    assert client.post("/x/in/", body).status_code == status


def test_a_failed_login_is_sent_under_that_name(user: Any):
    names: list[str] = []

    def hear(name: str, **facts: Any) -> None:
        names.append(name)

    signals.login_failed.connect(hear)
    for login in [accounts.log_in, accounts.authenticate]:
        for username in ["eve", None]:
            with pytest.raises(InvalidCredentials):
                login(username=username, email=EMAIL, password="wrong")
    signals.login_failed.disconnect(hear)
    assert len(names) == 4
    assert len(set(names)) == 1
