"""A form of another site logs no browser in."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.test.client import MULTIPART_CONTENT

from django_simple_auth.contracts import native
from django_simple_auth.views import LogIn
from django_simple_auth.wire import Endpoint, FormBody, JSONBody, MultiPartBody
from tests.support.client import PASSWORD
from tests.support.contracts import serve

BOB = {"username": "bob", "password": PASSWORD}
SECRET = "a" * 32
FORM = "application/x-www-form-urlencoded"
BODIES: dict[str, Any] = {
    FORM: urlencode(BOB),
    MULTIPART_CONTENT: BOB,
    "application/json": json.dumps(BOB),
}


@pytest.fixture
def browser(user: Any, settings: Any) -> Client:
    serve(
        settings,
        Endpoint("cookie/", LogIn, request=native.Credentials, response=native.Account, cookie=True),
        Endpoint("token/", LogIn, request=native.Credentials, response=native.Session),
        parser_classes=(JSONBody, FormBody, MultiPartBody),
    )
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("content_type", [FORM, MULTIPART_CONTENT])
def test_a_form_without_the_csrf_token_sets_no_cookie(browser: Client, content_type: str):
    response = browser.post("/x/cookie/", BODIES[content_type], content_type=content_type)
    assert (response.status_code, set(response.cookies)) == (403, set())


@pytest.mark.parametrize("content_type", [FORM, MULTIPART_CONTENT])
def test_a_form_with_the_csrf_token_sets_the_cookie(browser: Client, content_type: str):
    browser.cookies[django_settings.CSRF_COOKIE_NAME] = SECRET
    response = browser.post(
        "/x/cookie/", BODIES[content_type], content_type=content_type, headers={"X-CSRFToken": SECRET}
    )
    assert (response.status_code, "__Host-simple_auth" in response.cookies) == (200, True)


@pytest.mark.parametrize(
    ("url", "content_type"), [("cookie", "application/json"), ("token", FORM), ("token", MULTIPART_CONTENT)]
)
def test_what_another_site_cannot_use_needs_no_csrf_token(browser: Client, url: str, content_type: str):
    assert browser.post(f"/x/{url}/", BODIES[content_type], content_type=content_type).status_code == 200
