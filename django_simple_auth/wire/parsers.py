"""Request parsers: strict about whatever two parsers could read differently."""

from __future__ import annotations

import json
from collections.abc import Iterable
from io import BytesIO
from typing import IO, Any, NoReturn, TypeVar
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

_Value = TypeVar("_Value")


class TooLarge(APIException):
    """The body exceeds DATA_UPLOAD_MAX_MEMORY_SIZE, which Django itself does not apply to JSON."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("The request body is too large.")


class JSONBody(BaseParser):
    """JSON as in RFC 8259. Refuses duplicate names, NaN, a byte order mark and anything but UTF-8."""

    media_type = "application/json"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body = _read(stream)
        try:
            return json.loads(body.decode(), parse_constant=_refuse, object_pairs_hook=_without_duplicates)
        except RecursionError:
            raise ParseError(_("JSON parse error: nested too deeply.")) from None
        except ValueError as error:
            raise ParseError(_("JSON parse error: {error}").format(error=_reason(error))) from None


class FormBody(BaseParser):
    """An HTML form. Refuses duplicate names and anything but UTF-8."""

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> dict[str, str]:
        body = _read(stream)
        try:
            pairs = parse_qsl(
                body.decode(),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=settings.DATA_UPLOAD_MAX_NUMBER_FIELDS,
            )
            return _without_duplicates(pairs)
        except ValueError as error:
            raise _form_error(error) from None


class MultiPartBody(BaseParser):
    """An HTML form as ``multipart/form-data``. Refuses what ``FormBody`` does; files are ignored."""

    media_type = "multipart/form-data"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> dict[str, str]:
        body = _read(stream)
        _type, _semicolon, parameters = (media_type or "").partition(";")
        # Django compares the type in lower case only.
        meta = {"CONTENT_TYPE": f"{self.media_type};{parameters}", "CONTENT_LENGTH": len(body)}
        try:
            # Without upload handlers, Django keeps no file. Read as Latin-1, every value keeps its bytes, whereas
            # Django would replace those that are not UTF-8.
            fields, _files = MultiPartParser(meta, BytesIO(body), [], "latin-1").parse()
            return _without_duplicates((name, value.encode("latin-1").decode()) for name, value in _pairs(fields))
        except (ValueError, MultiPartParserError, SuspiciousOperation) as error:
            raise _form_error(error) from None


def fields_of(request: Any) -> Any:
    """What a parser above returned, as it is. DRF gives Django's own form if a middleware has read the body before."""
    data = request.data
    if not isinstance(data, MultiValueDict):
        return data
    # For that, DRF asks only whether any form is taken.
    if data and request.negotiator.select_parser(request, request.parsers) is None:
        raise UnsupportedMediaType(request.content_type)
    try:
        return _without_duplicates((name, value) for name, value in _pairs(data) if isinstance(value, str))
    except ValueError as error:
        raise _form_error(error) from None


def _read(stream: IO[bytes]) -> bytes:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    body = stream.read() if limit is None else stream.read(limit + 1)
    if limit is not None and len(body) > limit:
        raise TooLarge
    return body


def _pairs(form: MultiValueDict[str, Any]) -> Iterable[tuple[str, Any]]:
    return ((name, value) for name, values in form.lists() for value in values)


def _without_duplicates(pairs: Iterable[tuple[str, _Value]]) -> dict[str, _Value]:
    found: dict[str, _Value] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError("a name stands twice in one object")
        found[name] = value
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _form_error(error: Exception) -> ParseError:
    return ParseError(_("Form parse error: {error}").format(error=_reason(error)))


def _reason(error: Exception) -> str:
    """What is wrong. A decoding error's own text would quote the body, and with it the password."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error)
