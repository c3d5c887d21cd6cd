"""The token in a browser's cookie, where a contract says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import include, path
from django.views.debug import ExceptionReporter

from django_simple_auth import sessions
from django_simple_auth.conf import conf
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format
from tests.support.client import PASSWORD

NAME = "__Host-simple_auth"


class URLs:
    urlpatterns = [path("api/", include("docs.examples.cookie_contract"))]


@pytest.fixture
def browser(user: Any, settings: Any) -> Client:
    settings.ROOT_URLCONF = URLs
    return Client(enforce_csrf_checks=True, headers={"content-type": "application/json"})


def log_in(browser: Client) -> Any:
    body = {"username": "bob", "password": PASSWORD}
    return browser.post("/api/login/", body, content_type="application/json")


def test_login_puts_the_token_into_the_cookie_and_nowhere_else(browser: Client):
    response = log_in(browser)
    cookie = response.cookies[NAME]
    assert cookie.value.startswith("dsa_")
    assert cookie.value not in response.content.decode()
    assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
    assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert 1_209_000 < cookie["max-age"] <= 1_209_600


def test_a_token_without_expiry_is_a_session_cookie(browser: Client, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    assert log_in(browser).cookies[NAME]["max-age"] == ""


def test_the_cookie_grants_access(browser: Client):
    log_in(browser)
    assert browser.get("/api/me/", secure=True).json()["username"] == "bob"


def test_what_changes_state_needs_the_csrf_token(browser: Client):
    csrf = log_in(browser).cookies["csrftoken"].value
    refused = browser.post("/api/logout/", content_type="application/json", secure=True)
    assert (refused.status_code, set(refused.json())) == (403, {"detail"})
    assert AuthToken.objects.exists()
    origin = {"x-csrftoken": csrf, "referer": "https://testserver/"}
    response = browser.post("/api/logout/", content_type="application/json", headers=origin, secure=True)
    assert response.status_code == 204
    assert (response.cookies[NAME].value, response.cookies[NAME]["max-age"]) == ("", 0)
    assert not AuthToken.objects.exists()


def test_login_replaces_the_csrf_token(browser: Client):
    planted = "a" * 32
    browser.cookies["csrftoken"] = planted
    csrf = log_in(browser).cookies["csrftoken"].value
    assert csrf != planted
    headers = {"x-csrftoken": planted, "referer": "https://testserver/"}
    refused = browser.post("/api/logout/", content_type="application/json", headers=headers, secure=True)
    assert refused.status_code == 403


def test_an_invalid_cookie_is_cleared_by_a_401_not_by_login(browser: Client, user: Any):
    csrf = log_in(browser).cookies["csrftoken"].value
    sessions.end_all(user)
    headers = {"x-csrftoken": csrf, "referer": "https://testserver/"}
    response = browser.post("/api/logout/", content_type="application/json", headers=headers, secure=True)
    assert (response.status_code, response.cookies[NAME]["max-age"]) == (401, 0)
    browser.cookies[NAME] = token_format.generate("dsa")
    assert log_in(browser).status_code == 200


def test_a_header_instead_of_the_cookie_is_401(browser: Client, user: Any):
    secret = sessions.start(user).secret
    assert browser.get("/api/me/", headers={"authorization": f"Token {secret}"}).status_code == 401
    browser.cookies[NAME] = secret[:-1] + "!"
    assert browser.get("/api/me/").status_code == 401


@pytest.mark.parametrize("name", [NAME, "Token", "my-AUTH"])
def test_an_error_report_does_not_show_the_cookie(browser: Client, user: Any, settings: Any, rf: Any, name: str):
    settings.SIMPLE_AUTH = {"COOKIE_NAME": name}
    request = rf.get("/")
    request.COOKIES[conf.COOKIE_NAME] = secret = sessions.start(user).secret
    report = ExceptionReporter(request, ValueError, ValueError("of a view of the project's"), None)
    assert name in report.get_traceback_text()
    assert secret not in report.get_traceback_text() + report.get_traceback_html()


def test_without_a_cookie_no_csrf_token_is_needed(browser: Client):
    assert browser.post("/api/logout/").status_code == 401
