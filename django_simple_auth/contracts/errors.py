"""Error shapes that contracts choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import set_rollback

from ..wire.refusal import NON_FIELD_ERRORS, as_drf_exception, headers_of
from ..wire.resource import Resource

_TEXT = {"type": "string"}
_FIELDS = {"type": "object", "additionalProperties": {"type": "array", "items": _TEXT}}


class ErrorShape:
    """A DRF exception handler that can also describe its answers.

    It may be the EXCEPTION_HANDLER of the project's own views as well; any other exception then goes on to Django.

    ``fields`` is the JSON Schema of a body that lists errors by field, ``other`` that of every other refusal.
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
            # set_rollback() is not documented, but DRF's own handler calls it. Our views run outside the request's
            # transaction, and what they have written stays.
            set_rollback()
        return self._handle(exc, context)

    def schema(self, status: int) -> dict[str, Any]:
        if status == 400 and self._fields != self._other:
            return {"anyOf": [self._fields, self._other]}
        return self._other


def _detail(exc: APIException, context: dict[str, Any]) -> Response:
    body = exc.detail if isinstance(exc.detail, (list, dict)) else {"detail": exc.detail}
    return Response(body, status=exc.status_code, headers=headers_of(exc))


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
        fields = {field for field, found in response.data.items() if isinstance(found, list)} - {NON_FIELD_ERRORS}
        if not fields:
            response.data = {name: _text(response.data)}
        return response

    return handle


def _text(data: Any) -> str:
    """The first text in a body that DRF wrote, with the field that it is about."""
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
    """``{field: [texts]}`` if the errors are about fields, else ``{name: text}``."""
    return ErrorShape(_by_field_or_text(name), other=_object(name))
