"""The files that the docs show run as they would in a project."""

from __future__ import annotations

import json
import logging
from logging.config import DictConfigurator
from typing import Any

import django
import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client as Plain
from django.test import override_settings
from django.urls import include, path
from rest_framework.authentication import TokenAuthentication as DRFTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIClient

from django_simple_auth import keys, sessions, signals
from django_simple_auth.authentication import TokenAuthentication
from docs.examples import json_log, project_tests, pytest_mail
from docs.examples.own_view import Notes
from tests.support.client import PASSWORD


class FromAnotherPackage(DRFTokenAuthentication):
    """Accepts one token and refuses all others, as such classes do."""

    def authenticate_credentials(self, key: str) -> Any:
        if key != "old":
            raise AuthenticationFailed
        return get_user_model().objects.get(), key


class NotesForBoth(Notes):
    authentication_classes = [TokenAuthentication, FromAnotherPackage]


class URLs:
    urlpatterns = [
        path("api/auth/", include("django_simple_auth.urls")),
        path("auth/", include("docs.examples.djoser_contract")),
        path("notes/", Notes.as_view()),
        path("moved/", NotesForBoth.as_view()),
    ]


@override_settings(ROOT_URLCONF=URLs)
class TestExample(project_tests.AccountTests):
    """The tests that docs/testing.md shows."""


@pytest.fixture
def _urls(settings: Any) -> None:
    settings.ROOT_URLCONF = URLs


def sent(token: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Token {token}"}


@pytest.mark.usefixtures("_urls")
def test_an_email_is_found_with_pytest(
    user: Any, settings: Any, mailoutbox: Any, django_capture_on_commit_callbacks: Any
):
    settings.SIMPLE_AUTH = project_tests.NO_THROTTLING
    pytest_mail.test_a_reset_email(Plain(), user, mailoutbox, django_capture_on_commit_callbacks)


@pytest.mark.usefixtures("_urls")
def test_the_test_client_has_to_send_json(user: Any):
    credentials = {"username": "bob", "password": PASSWORD}
    assert APIClient().post("/api/auth/login/", credentials).status_code == 415
    assert APIClient().post("/api/auth/login/", credentials, format="json").status_code == 200


@pytest.mark.usefixtures("_urls")
def test_a_401_of_a_projects_view_has_a_code_on_request(user: Any, settings: Any):
    ended = sessions.start(user)
    sessions.end(ended.row)
    assert set(Plain().get("/notes/", **sent(ended.secret)).json()) == {"detail"}
    settings.REST_FRAMEWORK = {
        **settings.REST_FRAMEWORK,
        "EXCEPTION_HANDLER": "django_simple_auth.contracts.errors.coded_detail",
    }
    for headers, code in [
        (sent(ended.secret), "token_invalid"),
        (sent("old"), "not_authenticated"),
        ({}, "not_authenticated"),
    ]:
        response = Plain().get("/notes/", **headers)
        assert (response.status_code, response.json()["code"]) == (401, code)
        assert response.headers["WWW-Authenticate"] == "Token"


@pytest.mark.usefixtures("_urls")
def test_a_projects_view_accepts_old_and_new_tokens(client: Any, user: Any):
    for token, status in [(sessions.start(user).secret, 200), ("old", 200), ("unknown", 401)]:
        response = Plain().get("/moved/", **sent(token))
        assert response.status_code == status


@pytest.mark.usefixtures("_urls")
def test_native_endpoints_do_not_accept_old_tokens(client: Any, user: Any):
    assert client.get("/api/auth/me/", **sent("old")).status_code == 401


@pytest.mark.usefixtures("_urls")
def test_a_key_needs_the_required_scope(user: Any):
    assert Plain().get("/notes/", **sent(keys.create(user).secret)).status_code == 403
    assert Plain().get("/notes/", **sent(keys.create(user, scopes=["notes:read"]).secret)).status_code == 200


@pytest.mark.usefixtures("_urls")
def test_a_djoser_client_keeps_working(client: Any, user: Any):
    client.post("/auth/users/", {"username": "ann", "email": "ann@example.com", "password": PASSWORD})
    response = client.post("/auth/token/login/", {"username": "ann", "password": PASSWORD})
    assert set(response.json()) == {"auth_token"}
    client.token = response.json()["auth_token"]
    ann = get_user_model().objects.get(username="ann")
    assert client.get("/auth/users/me/").json() == {"id": ann.pk, "username": "ann", "email": "ann@example.com"}
    body = {"current_password": PASSWORD, "new_password": f"{PASSWORD}-8"}
    assert client.post("/auth/users/set_password/", body).status_code == 204
    assert client.post("/auth/token/logout/").status_code == 204
    assert client.get("/auth/users/me/").json() == {"detail": "Invalid token."}


def test_staff_are_alerted_when_a_token_is_reused(user: Any, settings: Any):
    # Imported here: from now on the receiver is connected, which must not affect other tests.
    from docs.examples import receivers

    settings.ADMINS = ["staff@example.com"] if django.VERSION >= (6,) else [("Staff", "staff@example.com")]
    try:
        signals.token_reused.send(user=user, session=7)
    finally:
        signals.token_reused.disconnect(receivers.alert_staff)
    assert mail.outbox[0].body == f"Session 7 of user {user.pk} has ended."


def test_a_record_is_one_line_of_json(user: Any, caplog: Any):
    with caplog.at_level(logging.INFO, "django_simple_auth.security"):
        signals.key_created.send(user=user, key=7)
    line = json_log.AsJSON().format(caplog.records[-1])
    record = json.loads(line)
    assert (record["event"], record["user_id"], record["facts"]) == ("authn_token_created", str(user.pk), {"key": 7})
    assert (record["level"], record["ip_address"]) == ("INFO", None)


def test_the_logging_example_configures_our_logger():
    formatter = DictConfigurator(json_log.LOGGING).configure_formatter(json_log.LOGGING["formatters"]["json"])
    assert isinstance(formatter, json_log.AsJSON)
    assert set(json_log.LOGGING["loggers"]) == {signals.logger.name}
