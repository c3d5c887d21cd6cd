"""Describes the contracts to drf-spectacular, if that is installed."""

from __future__ import annotations

from http import HTTPStatus
from inspect import cleandoc
from typing import Any

from django.utils.functional import Promise
from drf_spectacular.drainage import get_override, set_override
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
    OpenApiViewExtension,
)
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from .authentication import QueryTokenAuthentication
from .conf import conf
from .contracts.errors import ErrorShape
from .identity import user_model
from .wire import Endpoint, Many, Refusal, StaticBody
from .wire.refusal import refusal_for, status_of
from .wire.resource import Resource


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "django_simple_auth.authentication.TokenAuthentication"
    # Not "tokenAuth": drf-spectacular gives that name to DRF's own class, and both may be in one document.
    name = "simpleAuthToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "The keyword `Token` is taken as well."}


class QueryTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "django_simple_auth.authentication.QueryTokenAuthentication"
    name = "simpleAuthQueryToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "query", "name": QueryTokenAuthentication.parameter}


class CookieTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "django_simple_auth.authentication.CookieTokenAuthentication"
    name = "simpleAuthCookieToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": conf.COOKIE_NAME}


class IdSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "django_simple_auth.wire.fields.IdField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        # Private: no public method tells the schema of a model's field that no serializer field stands for.
        schema = auto_schema._map_model_field(user_model.primary_key(), direction)  # type: ignore[no-untyped-call]
        return {**schema, "readOnly": True}


class ScopesSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "django_simple_auth.wire.fields.ScopesField"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


class ContractSchema(OpenApiViewExtension):  # type: ignore[no-untyped-call]
    """Every path of every contract, derived from its Endpoints."""

    target_class = "django_simple_auth.wire.resource.Resource"
    match_subclasses = True

    def view_replacement(self) -> type[APIView]:
        resource: type[Resource] = self.target
        handlers = {method.lower(): _described(resource, endpoint) for method, endpoint in resource.endpoints.items()}
        return type(resource.__name__, (resource,), handlers)


class _AnyOf(list[Any]):
    """Bodies of one status: serializers and schemas."""


class _Schema(AutoSchema):
    """Takes from the endpoint what drf-spectacular would guess."""

    is_list: bool

    # Private: no option of extend_schema() says this without a paginated body.
    def _is_list_view(self, serializer: Any = None) -> bool:
        return self.is_list

    # Private: drf-spectacular gives a DELETE no body, and no setting changes that. So it is asked as for a POST.
    def _get_request_body(self, direction: Direction = "request") -> Any:
        method = self.method
        self.method = "POST" if method == "DELETE" else method
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = method

    # Private: drf-spectacular describes one body for each status, and several only if all of them are serializers.
    def _get_response_for_code(
        self, serializer: Any, status_code: str, media_types: Any = None, direction: Direction = "response"
    ) -> Any:
        if isinstance(serializer, OpenApiResponse) and isinstance(serializer.response, _AnyOf):
            schemas = [
                shape if isinstance(shape, dict) else self.resolve_serializer(shape, direction).ref
                for shape in serializer.response
            ]
            schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
            serializer = OpenApiResponse(schema, description=serializer.description)
        return super()._get_response_for_code(serializer, status_code, media_types, direction)  # type: ignore[no-untyped-call]


def _described(resource: type[Resource], endpoint: Endpoint) -> Any:
    response = endpoint.response.shape if isinstance(endpoint.response, Many) else endpoint.response
    for shape in (endpoint.request, response):
        if isinstance(shape, type):
            _name_after_module(shape)

    description = cleandoc(endpoint.view.__doc__ or "")

    @extend_schema(
        summary=description.partition("\n")[0].rstrip("."),
        description=description,
        request=endpoint.request,
        responses={**_answers(endpoint), **_refusals(resource, endpoint)},
    )
    def handler(self: Resource, request: Any, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("Made to be described, not to be called.")

    # Not documented: this is where extend_schema() leaves the class that it makes.
    extended: Any = handler
    bases = (_Schema, extended.kwargs["schema"])
    extended.kwargs["schema"] = type("Schema", bases, {"is_list": isinstance(endpoint.response, Many)})
    return handler


def _answers(endpoint: Endpoint) -> dict[int, Any]:
    shape: Any = endpoint.response
    found: dict[int, Any] = {}
    if shape is None:
        found[status.HTTP_204_NO_CONTENT] = OpenApiResponse(description="Done.")
    else:
        if isinstance(shape, Many):
            shape = shape.shape(many=True)
        elif isinstance(shape, StaticBody):
            shape = _static_schema(shape)
        found[endpoint.status] = OpenApiResponse(shape, description="Done.")
    if endpoint.accepted is not None:
        accepted = OpenApiResponse(_static_schema(endpoint.accepted), description="Accepted; the rest is by mail.")
        found[status.HTTP_202_ACCEPTED] = accepted
    return found


def _static_schema(shape: StaticBody) -> dict[str, Any]:
    # A translated text has no fixed value.
    texts = {
        name: {"type": "string"} if isinstance(text, Promise) else {"type": "string", "enum": [text]}
        for name, text in shape.body.items()
    }
    return {"type": "object", "properties": texts, "required": list(texts)}


def _refusals(resource: type[Resource], endpoint: Endpoint) -> dict[int, Any]:
    refusals = {**resource.refusals, **endpoint.refusals}
    found: dict[int, _AnyOf] = {}
    for cause in sorted(endpoint.causes(resource.refusals), key=lambda cause: cause.__name__):
        code = status_of(cause, refusals)
        bodies = found.setdefault(code, _AnyOf())
        if (body := _refusal_body(resource, refusal_for(cause, refusals), code)) not in bodies:
            bodies.append(body)
    return {
        code: OpenApiResponse(bodies, description=HTTPStatus(code).phrase) for code, bodies in sorted(found.items())
    }


def _refusal_body(resource: type[Resource], refusal: Refusal, code: int) -> Any:
    if isinstance(refusal.body, StaticBody):
        return _static_schema(refusal.body)
    if refusal.body is not None:
        _name_after_module(refusal.body)
        return refusal.body
    return resource.errors.schema(code) if isinstance(resource.errors, ErrorShape) else {}


def _name_after_module(serializer: type[BaseSerializer[Any]]) -> None:
    """Give the component a name with its module in it: several of our contracts have Credentials.

    A project's own serializer that is derived from one of ours would inherit that name: it gets its usual one.
    """
    package, *_, module = serializer.__module__.split(".")
    # Not documented: extend_schema_serializer(component_name=...) is a decorator over these, and cannot be asked.
    inherited = get_override(serializer.__base__, "component_name")
    named = get_override(serializer, "component_name")
    if package == __package__ and named is None:
        prefix = "" if module == "native" else module.title()
        set_override(serializer, "component_name", f"SimpleAuth{prefix}{serializer.__name__}")
    elif named is not None and named == inherited:
        set_override(serializer, "component_name", serializer.__name__.removesuffix("Serializer"))
    for field in getattr(serializer(), "fields", {}).values():
        if isinstance(field, BaseSerializer):
            _name_after_module(type(field))
