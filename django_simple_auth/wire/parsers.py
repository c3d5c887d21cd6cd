"""Reading a request: JSON as RFC 8259 means it, then the contract's serializer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, NoReturn

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ErrorDetail, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.settings import api_settings

from .refusal import NON_FIELD_ERRORS

LONGEST_TEXT = 1024
"""Characters of a text whose field sets no limit: to normalize millions of them takes seconds and gigabytes."""


class TooLarge(APIException):
    """The body exceeds DATA_UPLOAD_MAX_MEMORY_SIZE, which Django itself does not apply to JSON."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("The request body is too large.")


class JSONBody(BaseParser):
    """Refuses what two parsers could read differently: duplicate names, NaN, a BOM, anything but UTF-8."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(body) > limit:
            raise TooLarge
        try:
            return json.loads(body.decode(), parse_constant=_refuse, object_pairs_hook=_without_duplicates)
        except RecursionError:
            raise ParseError(_("JSON parse error: nested too deeply.")) from None
        except ValueError as error:
            raise ParseError(_("JSON parse error: {error}").format(error=_reason(error))) from None


def read(serializer: serializers.Serializer[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """``(values by source, errors by wire name)``; where there are errors, the values are those without one."""
    serializer.is_valid()
    errors: dict[str, Any] = {
        NON_FIELD_ERRORS if name == api_settings.NON_FIELD_ERRORS_KEY else name: found
        for name, found in serializer.errors.items()
    }
    data = serializer.initial_data
    if not isinstance(data, Mapping):
        return {}, errors
    for name, field in serializer.fields.items():
        if name not in errors and (fault := _text_fault(field, data.get(name))):
            errors[name] = [fault]
    if not errors:
        return dict(serializer.validated_data), {}
    sound = {}
    for name, field in serializer.fields.items():
        if name in data and name not in errors and not field.read_only:
            with suppress(serializers.SkipField):
                sound[str(field.source)] = field.run_validation(data[name])
    return sound, errors


def _text_fault(field: serializers.Field[Any, Any, Any, Any], value: Any) -> ErrorDetail | None:
    """What DRF lets pass in a text: numbers, for which it writes their digits, and any length."""
    if not isinstance(field, serializers.CharField) or value is None:
        return None
    if not isinstance(value, str):
        return ErrorDetail(str(field.error_messages["invalid"]), "invalid")
    if field.max_length is None and len(value) > LONGEST_TEXT:
        text = str(field.error_messages["max_length"]).format(max_length=LONGEST_TEXT)
        return ErrorDetail(text, "max_length")
    return None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _reason(error: ValueError) -> str:
    """A decoding error's own text would quote the body, and with it the password."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error)
