"""Error shapes that contracts choose from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ..wire.refusal import NON_FIELD_ERRORS, as_drf_exception
from ..wire.resource import Resource

_TEXT = {"type": "string"}
_FIELDS = {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}}


class ErrorShape:
    """An exception handler as DRF knows them, which can say what its answers look like.

    It may be the EXCEPTION_HANDLER of a host's own views as well; what is no refusal goes on to Django then.

    ``fields`` is the JSON Schema of a body that blames fields, ``other`` that of every other refusal.
    """

    def __init__(
        self,
        handle: Callable[[APIException, dict[str, Any]], Response],
        *,
        fields: Mapping[str, Any] = _FIELDS,
        other: Mapping[str, Any],
    ) -> None:
        self._handle = handle
        self._fields = dict(fields)
        self._other = dict(other)

    def __call__(self, exc: Exception, context: dict[str, Any]) -> Response | None:
        exc = as_drf_exception(exc)
        if not isinstance(exc, APIException):
            return None
        if not isinstance(context.get("view"), Resource):
            # Not documented; DRF's own handler does the same. Our views are outside of the request's transaction, and
            # what they have written must stay.
            set_rollback()
        return self._handle(exc, context)

    def schema(self, status: int) -> dict[str, Any]:
        if status == 400 and self._fields != self._other:
            return {"anyOf": [self._fields, self._other]}
        return self._other


def _detail(exc: APIException, context: dict[str, Any]) -> Response:
    headers = {}
    if auth_header := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    body = exc.detail if isinstance(exc.detail, (list, dict)) else {"detail": exc.detail}
    return Response(body, status=exc.status_code, headers=headers)


def _coded_detail(exc: APIException, context: dict[str, Any]) -> Response:
    response = _detail(exc, context)
    if isinstance(response.data, dict) and "detail" in response.data:
        response.data["code"] = response.data["detail"].code
    return response


def _in_one_text(name: str) -> Callable[[APIException, dict[str, Any]], Response]:
    def handle(exc: APIException, context: dict[str, Any]) -> Response:
        response = _detail(exc, context)
        response.data = {name: _text(response.data)}
        return response

    return handle


def _by_field_or_text(name: str) -> Callable[[APIException, dict[str, Any]], Response]:
    def handle(exc: APIException, context: dict[str, Any]) -> Response:
        response = _detail(exc, context)
        blamed = {field for field, found in response.data.items() if isinstance(found, list)} - {NON_FIELD_ERRORS}
        if not blamed:
            response.data = {name: _text(response.data)}
        return response

    return handle


def _text(data: Any) -> str:
    """The first of the texts in a body of DRF's, with the field it is about."""
    if isinstance(data, list):
        return _text(data[0])
    if not isinstance(data, dict):
        return str(data)
    for name in (NON_FIELD_ERRORS, "detail"):
        if name in data:
            return _text(data[name])
    name, found = next(iter(data.items()))
    return f"{name}: {_text(found)}"


def _object(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict.fromkeys(names, _TEXT), "required": list(names)}


non_field_errors = ErrorShape(_detail, other=_object("detail"))
"""DRF's own: ``{field: [texts]}`` and ``{"non_field_errors": [texts]}``, or ``{"detail": text}``."""

coded_detail = ErrorShape(_coded_detail, other=_object("detail", "code"))
"""DRF's own, with a code for machines beside ``detail``: ``{"detail": text, "code": code}``."""


def one_text(name: str) -> ErrorShape:
    """``{name: text}``: of several errors the first; a text about a field begins with the field's name."""
    return ErrorShape(_in_one_text(name), fields=_object(name), other=_object(name))


def by_field_or_text(name: str) -> ErrorShape:
    """``{field: [texts]}`` where fields are to blame, else ``{name: text}``."""
    return ErrorShape(_by_field_or_text(name), other=_object(name))
