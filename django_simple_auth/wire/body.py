"""Check a request's body with the contract's serializer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings

from .refusal import NON_FIELD_ERRORS

LONGEST_TEXT = 1024
"""Characters of a text whose field sets no limit: to normalize millions of them takes seconds and gigabytes."""


def read(serializer: serializers.Serializer[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """``(values by source, errors by wire name)``; if there are errors, the values are those without one.

    Fields that the serializer does not name are ignored.
    """
    serializer.is_valid()
    errors: dict[str, Any] = {
        NON_FIELD_ERRORS if name == api_settings.NON_FIELD_ERRORS_KEY else name: found
        for name, found in serializer.errors.items()
    }
    data = serializer.initial_data
    if not isinstance(data, Mapping):
        return {}, errors
    for name, field in serializer.fields.items():
        if name not in errors and (error := _text_error(field, data.get(name))):
            errors[name] = [error]
    if not errors:
        return dict(serializer.validated_data), {}
    valid = {}
    for name, field in serializer.fields.items():
        if name in data and name not in errors and not field.read_only:
            with suppress(serializers.SkipField):
                valid[str(field.source)] = field.run_validation(data[name])
    return valid, errors


def _text_error(field: serializers.Field[Any, Any, Any, Any], value: Any) -> ErrorDetail | None:
    """What DRF accepts as text and we do not: numbers, which it would turn into their digits, and any length."""
    if not isinstance(field, serializers.CharField) or value is None:
        return None
    if not isinstance(value, str):
        return ErrorDetail(str(field.error_messages["invalid"]), "invalid")
    if field.max_length is None and len(value) > LONGEST_TEXT:
        text = str(field.error_messages["max_length"]).format(max_length=LONGEST_TEXT)
        return ErrorDetail(text, "max_length")
    return None
