"""The OpenAPI document, which is derived from the contracts."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from rest_framework.response import Response

from django_simple_auth.contracts.errors import coded_detail, non_field_errors
from django_simple_auth.openapi import CookieTokenScheme, _refusals
from django_simple_auth.views import LogOut
from django_simple_auth.wire import Contract, Endpoint


@pytest.fixture(scope="module")
def document() -> Any:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_drf_spectacular_warns_of_nothing():
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=StringIO())


def test_each_path_is_described_once(document: Any):
    ours = {path for path in document["paths"] if path.startswith("/api/auth/") and "whoami" not in path}
    from django_simple_auth.contracts.native import contract

    assert ours == {
        f"/api/auth/{endpoint.path}".replace("<int:", "{").replace(">", "}") for endpoint in contract.endpoints
    }


@pytest.mark.parametrize(
    ("path", "method", "statuses"),
    [
        ("register", "post", {"201", "202", "400", "403", "413", "415", "429", "503"}),
        ("login", "post", {"200", "400", "413", "415", "429", "503"}),
        ("logout", "post", {"204", "401", "403", "503"}),
        ("me", "get", {"200", "401", "503"}),
        ("me", "patch", {"200", "400", "401", "403", "413", "415", "429", "503"}),
        ("me", "delete", {"204", "400", "401", "403", "413", "415", "429", "503"}),
        ("token/rotate", "post", {"200", "401", "403", "429", "503"}),
        ("keys", "get", {"200", "401", "403", "503"}),
        ("keys", "post", {"201", "400", "401", "403", "413", "415", "429", "503"}),
        ("keys/{key_id}", "delete", {"204", "401", "403", "404", "503"}),
        ("sessions", "get", {"200", "401", "403", "503"}),
        ("sessions/{session_id}", "delete", {"204", "401", "403", "404", "503"}),
        ("password/change", "post", {"204", "400", "401", "403", "413", "415", "429", "503"}),
        ("password/reset", "post", {"204", "400", "413", "415", "429", "503"}),
        ("email/verify", "post", {"204", "400", "413", "415", "429", "503"}),
        ("email/verify/resend", "post", {"204", "400", "413", "415", "429", "503"}),
        ("email/change", "post", {"204", "400", "401", "403", "413", "415", "429", "503"}),
        ("password/reset/confirm", "post", {"204", "400", "413", "415", "429", "503"}),
    ],
)
def test_every_possible_status_is_described(document: Any, path: str, method: str, statuses: set[str]):
    assert set(document["paths"][f"/api/auth/{path}/"][method]["responses"]) == statuses


def test_requests_are_json_by_default(document: Any):
    for path in document["paths"].values():
        for operation in path.values():
            assert set(operation.get("requestBody", {}).get("content", {})) <= {"application/json"}


def test_the_security_scheme_is_http_bearer(document: Any):
    assert document["components"]["securitySchemes"]["simpleAuthToken"]["scheme"] == "bearer"
    assert document["paths"]["/api/auth/me/"]["get"]["security"] == [{"simpleAuthToken": []}]
    assert document["paths"]["/api/auth/login/"]["post"].get("security", [{}]) == [{}]


def test_the_id_has_the_type_of_the_primary_key(document: Any):
    account = document["components"]["schemas"]["SimpleAuthAccount"]
    assert account["properties"]["id"]["type"] == "integer"


def test_contracts_do_not_share_component_names(document: Any):
    assert {"SimpleAuthCredentials", "SimpleAuthEmailCredentials", "SignIn"} <= set(document["components"]["schemas"])


def test_a_status_that_only_a_contract_sets_is_described(document: Any):
    assert "403" in document["paths"]["/own/sign-in/"]["post"]["responses"]


def test_a_static_answer_is_described_word_for_word(document: Any):
    answer = document["paths"]["/own/sign-out/"]["post"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    assert schema["properties"]["detail"]["enum"] == ["Bye."]


def test_a_cookie_is_described_under_its_name():
    definition = CookieTokenScheme(None).get_security_definition(None)
    assert definition == {"type": "apiKey", "in": "cookie", "name": "__Host-simple_auth"}


def test_scopes_are_described_as_a_list_of_texts(document: Any):
    for name in ["SimpleAuthNewKey", "SimpleAuthKey"]:
        schema = document["components"]["schemas"][name]["properties"]["scopes"]
        assert schema == {"type": "array", "items": {"type": "string"}}


def test_a_delete_with_a_body_is_described_with_it(document: Any):
    body = document["paths"]["/api/auth/me/"]["delete"]["requestBody"]
    schema = {"$ref": "#/components/schemas/SimpleAuthConfirmation"}
    assert body == {"content": {"application/json": {"schema": schema}}, "required": True}
    assert "requestBody" not in document["paths"]["/api/auth/keys/{key_id}/"]["delete"]


def test_a_list_is_described_as_one(document: Any):
    answer = document["paths"]["/api/auth/sessions/"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"] == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/SimpleAuthOpenSession"},
    }


def test_an_error_shape_describes_its_bodies():
    assert coded_detail.schema(401)["required"] == ["detail", "code"]
    assert non_field_errors.schema(400)["anyOf"][1] == non_field_errors.schema(404)


def test_a_projects_own_permission_may_refuse_with_403():
    endpoint = Endpoint("out/", LogOut, permission_classes=(IsAuthenticated, IsAdminUser))
    assert endpoint.refusal_statuses({}) == {401, 403, 503}


def test_a_plain_exception_handler_is_described_by_its_statuses():
    endpoint = Endpoint("out/", LogOut)
    contract = Contract(endpoint, errors=lambda exc, context: Response())
    resource = contract.urls[0].callback.cls  # type: ignore[attr-defined]
    assert set(_refusals(resource, endpoint)) == {401, 403, 503}


@pytest.mark.parametrize(
    ("path", "method", "summary", "operation"),
    [
        ("me", "get", "Get your account", "api_auth_me_retrieve"),
        ("me", "delete", "Delete your account and everything that belongs to it", "api_auth_me_destroy"),
        ("keys", "get", "List your API keys, without their secrets", "api_auth_keys_list"),
        ("keys", "post", "Create an API key", "api_auth_keys_create"),
    ],
)
def test_each_method_is_described_as_what_it_does(document: Any, path: str, method: str, summary: str, operation: str):
    described = document["paths"][f"/api/auth/{path}/"][method]
    assert described["summary"] == summary
    assert described["description"].startswith(summary)
    assert described["operationId"] == operation


def test_a_serializer_derived_from_ours_has_its_own_name(document: Any):
    schemas = document["components"]["schemas"]
    assert "is_staff" in schemas["Account"]["properties"]
    assert "is_staff" not in schemas["SimpleAuthAccount"]["properties"]
