"""What drf-spectacular is told. Registers itself where that package is installed; nothing else here needs it."""

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
from .wire import Endpoint, Many, StaticBody
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
    """Every path of every contract, derived from its Endpoints alone."""

    target_class = "django_simple_auth.wire.resource.Resource"
    match_subclasses = True

    def view_replacement(self) -> type[APIView]:
        resource: type[Resource] = self.target
        handlers = {method.lower(): _described(resource, endpoint) for method, endpoint in resource.endpoints.items()}
        return type(resource.__name__, (resource,), handlers)


class _Schema(AutoSchema):
    """What drf-spectacular would guess, the endpoint knows."""

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


def _described(resource: type[Resource], endpoint: Endpoint) -> Any:
    response = endpoint.response.shape if isinstance(endpoint.response, Many) else endpoint.response
    for shape in (endpoint.request, response):
        if isinstance(shape, type):
            _name_after_module(shape)

    told = cleandoc(endpoint.view.__doc__ or "")

    @extend_schema(
        summary=told.partition("\n")[0].rstrip("."),
        description=told,
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
            shape = _letter_by_letter(shape)
        found[endpoint.status] = OpenApiResponse(shape, description="Done.")
    if endpoint.accepted is not None:
        accepted = OpenApiResponse(_letter_by_letter(endpoint.accepted), description="Accepted; the rest is by mail.")
        found[status.HTTP_202_ACCEPTED] = accepted
    return found


def _letter_by_letter(shape: StaticBody) -> dict[str, Any]:
    # What is translated is in no language here.
    texts = {
        name: {"type": "string"} if isinstance(text, Promise) else {"type": "string", "enum": [text]}
        for name, text in shape.body.items()
    }
    return {"type": "object", "properties": texts, "required": list(texts)}


def _refusals(resource: type[Resource], endpoint: Endpoint) -> dict[int, Any]:
    errors = resource.manners.errors
    statuses = sorted(endpoint.refusal_statuses(resource.manners.refusals))
    return {
        code: OpenApiResponse(
            errors.schema(code) if isinstance(errors, ErrorShape) else {}, description=HTTPStatus(code).phrase
        )
        for code in statuses
    }


def _name_after_module(serializer: type[BaseSerializer[Any]]) -> None:
    """Two contracts of ours may both have Credentials: the component is called after the module, too.

    A host's own, derived from one of ours, would inherit that name: it gets the one that it would have by itself.
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
