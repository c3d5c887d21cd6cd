"""The content types that a contract may accept in addition to JSON, and as strictly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from drf_spectacular.generators import SchemaGenerator

from django_simple_auth.authentication import CookieTokenAuthentication
from django_simple_auth.contracts import native
from django_simple_auth.views import LogIn, LogOut
from django_simple_auth.wire import Contract, Endpoint, FormBody, JSONBody, MultiPartBody
from tests.support.client import PASSWORD
from tests.support.contracts import serve

FORM = "application/x-www-form-urlencoded"
LOG_IN = Endpoint("in/", LogIn, request=native.Credentials, response=native.Session)
ALL = (JSONBody, FormBody, MultiPartBody)
BOB = {"username": "bob", "password": PASSWORD}


def part(value: bytes, name: str = "username", more: bytes = b"", headers: bytes = b"") -> bytes:
    disposition = b'Content-Disposition: form-data; name="%s"%s\r\n' % (name.encode(), more)
    return b"--%s\r\n%s%s\r\n%s\r\n" % (BOUNDARY.encode(), disposition, headers, value)


def parts(*found: bytes) -> bytes:
    return b"".join(found) + b"--%s--\r\n" % BOUNDARY.encode()


PASSWORD_PART = part(PASSWORD.encode(), "password")


@pytest.fixture
def post(client: Any, user: Any, settings: Any) -> Callable[..., Any]:
    serve(settings, LOG_IN, parser_classes=ALL)
    return lambda body, content_type: client.post("/x/in/", body, content_type=content_type)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM, urlencode(BOB)),
        (f"{FORM}; charset=utf-8", urlencode(BOB)),
        (f"{FORM}; charset=latin-1", urlencode(BOB)),
        (FORM, urlencode({**BOB, "unknown": "é"})),
        (FORM, f"{urlencode(BOB)}&unknown"),
        (MULTIPART_CONTENT, encode_multipart(BOUNDARY, BOB)),
        (MULTIPART_CONTENT.replace("multipart", "MultiPart"), encode_multipart(BOUNDARY, BOB)),
        (MULTIPART_CONTENT, parts(part(b"bob"), PASSWORD_PART, part(b"\xff\0", "f", b'; filename="f.bin"'))),
        (MULTIPART_CONTENT, parts(part(b"bob"), PASSWORD_PART, part(b"eve", more=b'; filename="f.bin"'))),
        (MULTIPART_CONTENT, parts(part(b"Ym9i", headers=b"Content-Transfer-Encoding: base64\r\n"), PASSWORD_PART)),
    ],
)
def test_a_form_is_read_if_the_contract_accepts_it(post: Any, content_type: str, body: Any):
    response = post(body, content_type)
    assert (response.status_code, response.json()["user"]["username"]) == (200, "bob")


@pytest.mark.parametrize("content_type", [FORM, MULTIPART_CONTENT])
def test_a_form_is_a_415_if_the_contract_does_not(client: Any, user: Any, settings: Any, content_type: str):
    serve(settings, LOG_IN)
    body = encode_multipart(BOUNDARY, BOB) if content_type == MULTIPART_CONTENT else urlencode(BOB)
    assert client.post("/x/in/", body, content_type=content_type).status_code == 415


MALFORMED = {
    "name twice": (FORM, b"username=bob&username=eve&password=x", "stands twice"),
    "not UTF-8": (FORM, b"username=\xff", "not UTF-8"),
    "escaped, not UTF-8": (FORM, b"username=%FF", "not UTF-8"),
    "too many": (FORM, b"a=1&" * 1001, "Max number of fields exceeded"),
    "part twice": (MULTIPART_CONTENT, parts(part(b"bob"), part(b"eve"), PASSWORD_PART), "stands twice"),
    "part not UTF-8": (MULTIPART_CONTENT, parts(part(b"bob\xff"), PASSWORD_PART), "not UTF-8"),
    "part not UTF-8 in base64": (
        MULTIPART_CONTENT,
        parts(part(b"/w==", headers=b"Content-Transfer-Encoding: base64\r\n"), PASSWORD_PART),
        "not UTF-8",
    ),
    "too many parts": (MULTIPART_CONTENT, parts(*[part(b"x", str(n)) for n in range(1003)]), "exceeded"),
    "no boundary": ("multipart/form-data", b"x", "boundary"),
}


@pytest.mark.parametrize(("content_type", "body", "reason"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_form_is_400(post: Any, content_type: str, body: bytes, reason: str):
    response = post(body, content_type)
    assert (response.status_code, set(response.json())) == (400, {"detail"})
    assert response.json()["detail"].startswith("Form parse error: ")
    assert reason in response.json()["detail"]


@pytest.mark.parametrize("content_type", [FORM, MULTIPART_CONTENT])
def test_a_form_above_the_projects_limit_is_413(post: Any, settings: Any, content_type: str):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert post(b"a" * 11, content_type).status_code == 413


@pytest.mark.parametrize("content_type", [FORM, MULTIPART_CONTENT])
def test_an_empty_form_names_the_missing_fields(post: Any, content_type: str):
    response = post(b"", content_type)
    assert (response.status_code, set(response.json())) == (400, {"username", "password"})


@pytest.mark.parametrize("value", ["", "a\0b"])
@pytest.mark.parametrize("content_type", [FORM, MULTIPART_CONTENT])
def test_a_form_has_no_other_rules_for_values(post: Any, content_type: str, value: str):
    body = {**BOB, "username": value}
    response = post(encode_multipart(BOUNDARY, body) if "multi" in content_type else urlencode(body), content_type)
    assert (response.status_code, set(response.json())) == (400, {"username"})


class ReadsForms:
    """A middleware of the project that looks into every form."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        assert request.POST is not None
        return self.get_response(request)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (parts(part(b"bob"), PASSWORD_PART, part(b"eve", more=b'; filename="f.bin"')), 200),
        (parts(part(b"bob"), part(b"eve"), PASSWORD_PART), 400),
    ],
)
def test_a_form_that_a_middleware_has_read_is_no_different(post: Any, settings: Any, body: bytes, status: int):
    settings.MIDDLEWARE = [f"{__name__}.ReadsForms"]
    assert post(body, MULTIPART_CONTENT).status_code == status


def test_the_csrf_token_may_come_in_the_form(user: Any, settings: Any):
    cookie = {"authentication_classes": (CookieTokenAuthentication,), "cookie": True}
    serve(
        settings,
        Endpoint("in/", LogIn, request=native.Credentials, response=native.Account, cookie=True),
        Endpoint("out/", LogOut, **cookie),  # type: ignore[arg-type]
        parser_classes=ALL,
    )
    browser = Client(enforce_csrf_checks=True)
    secret = browser.post("/x/in/", BOB, content_type="application/json").cookies["csrftoken"].value
    for token, status in [("a" * 32, 403), (secret, 204)]:
        form = {"csrfmiddlewaretoken": token}
        assert browser.post("/x/out/", urlencode(form), content_type=FORM).status_code == status


def test_openapi_lists_the_content_types():
    contract = Contract(LOG_IN, errors=native.contract.errors, parser_classes=ALL)
    document = SchemaGenerator(patterns=contract.but().urls).get_schema(request=None, public=True)
    content = document["paths"]["/in/"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", FORM, "multipart/form-data"}
