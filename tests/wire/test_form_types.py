from __future__ import annotations

from typing import Any

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from rest_framework.parsers import MultiPartParser

from django_simple_auth.contracts import native
from django_simple_auth.views import LogIn
from django_simple_auth.wire import Endpoint, FormBody, JSONBody, MultiPartBody
from tests.support.client import PASSWORD
from tests.support.contracts import serve


@pytest.mark.parametrize(
    ("parsers", "status"), [((JSONBody, FormBody), 415), ((MultiPartBody,), 200), ((MultiPartParser,), 200)]
)
@pytest.mark.parametrize("middleware", [[], ["tests.wire.test_parsers.ReadsForms"]])
def test_only_a_contract_that_takes_multipart_gets_it(
    client: Any, user: Any, settings: Any, parsers: Any, status: int, middleware: list[str]
):
    serve(settings, Endpoint("in/", LogIn, request=native.Credentials, response=native.Session), parser_classes=parsers)
    settings.MIDDLEWARE = middleware
    body = encode_multipart(BOUNDARY, {"username": "bob", "password": PASSWORD})
    assert client.post("/x/in/", body, content_type=MULTIPART_CONTENT).status_code == status
