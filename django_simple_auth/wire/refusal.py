"""From an exception that a service raises to one that DRF can answer, in the contract's words."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    ErrorDetail,
    NotFound,
    PermissionDenied,
    Throttled,
    ValidationError,
)
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from ..authentication import Unavailable
from ..db.outages import is_unavailable
from ..exceptions import (
    InvalidValue,
    NotAllowed,
    ResourceNotFound,
    SimpleAuthError,
    TokenRejected,
    TooManyAttempts,
    ValidationErrors,
)
from .answers import StaticBody

ExceptionHandler: TypeAlias = Callable[[Exception, dict[str, Any]], Response | None]
"""Like DRF's EXCEPTION_HANDLER: None leaves the exception to Django."""

NON_FIELD_ERRORS = "non_field_errors"


class Crashed(APIException):
    """What a client sees of a crash; the project's log has the rest."""

    status_code = status.HTTP_500_INTERNAL_SERVER_ERROR
    default_code = "error"
    default_detail = _("A server error occurred.")


@dataclasses.dataclass(frozen=True)
class Refusal:
    """How a contract answers one cause, where that differs from the default."""

    text: str | Promise | None = None
    status: int | None = None
    field: str | None = None
    """The name on the wire that the text stands under; "": none, although the cause has a field."""
    body: type[BaseSerializer[Any]] | StaticBody | None = None
    """Takes the place of the contract's error shape. A serializer is given the exception, by ``source``."""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


Refusals: TypeAlias = Mapping[type[Exception], Refusal]

_IN_DRF: dict[type[SimpleAuthError], type[APIException]] = {
    NotAllowed: PermissionDenied,
    TooManyAttempts: Throttled,
    ResourceNotFound: NotFound,
    TokenRejected: AuthenticationFailed,
}
"""Causes that DRF has an exception for: a contract's refusal of the one holds for the other.

All others become a ValidationError.
"""


def refusal_for(cause: type[Exception], refusals: Refusals) -> Refusal:
    """The contract's refusal of this cause, or of the nearest class above it."""
    kinds = (*cause.__mro__, *(_in_drf(cause) or object).__mro__)
    return next((refusals[kind] for kind in kinds if kind in refusals), Refusal())


def status_of(cause: type[Exception], refusals: Refusals) -> int:
    """The status under which a cause is answered."""
    seen_by_drf = _in_drf(cause) or (ValidationError if issubclass(cause, SimpleAuthError) else cause)
    default: int = getattr(seen_by_drf, "status_code", 500)
    return refusal_for(cause, refusals).status or default


def as_drf_exception(exc: Exception) -> Exception:
    """What DRF makes of Django's own refusals; everything else as it is."""
    if isinstance(exc, Http404):
        return NotFound()
    return PermissionDenied() if isinstance(exc, DjangoPermissionDenied) else exc


def as_api_exception(exc: Exception, refusals: Refusals, wire_names: Mapping[str, str]) -> APIException:
    """The exception with which DRF answers, in the contract's words and under its status.

    ``wire_names`` says what the client calls the services' fields.
    """
    refusal = refusal_for(type(exc), refusals)
    if isinstance(exc, SimpleAuthError):
        error = _of_service(exc, refusals, wire_names)
    elif isinstance(exc := as_drf_exception(exc), APIException):
        error = exc
    else:
        error = Unavailable() if is_unavailable(exc) else Crashed()
    if refusal.text is not None and not isinstance(error, ValidationError):
        error.detail = ErrorDetail(str(refusal.text), getattr(error.detail, "code", error.default_code))
    if refusal.status is not None:
        error.status_code = refusal.status
    return error


def headers_of(error: APIException) -> dict[str, str]:
    """The headers that DRF sends with this error."""
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    return headers


def by_field(
    causes: list[SimpleAuthError], refusals: Refusals, wire_names: Mapping[str, str]
) -> dict[str, list[ErrorDetail]]:
    """``{wire name: [texts]}`` of all causes; those without a field stand under ``non_field_errors``."""
    found: dict[str, list[ErrorDetail]] = {}
    for cause in causes:
        if isinstance(cause, ValidationErrors):
            for name, details in by_field(list(cause.errors), refusals, wire_names).items():
                found.setdefault(name, []).extend(details)
        else:
            refusal = refusal_for(type(cause), refusals)
            name = wire_names.get(cause.field, cause.field) if cause.field else ""
            if refusal.field is not None:
                name = refusal.field
            found.setdefault(name or NON_FIELD_ERRORS, []).extend(_details(cause, refusal))
    return found


def _in_drf(cause: type[Exception]) -> type[APIException] | None:
    return next((drf for kind, drf in _IN_DRF.items() if issubclass(cause, kind)), None)


def _of_service(cause: SimpleAuthError, refusals: Refusals, wire_names: Mapping[str, str]) -> APIException:
    if isinstance(cause, TooManyAttempts):
        return Throttled(wait=cause.retry_after)
    if (kind := _in_drf(type(cause))) is not None:
        return kind(str(cause.message), cause.code)
    refusal = refusal_for(type(cause), refusals)
    if cause.field is None and not isinstance(cause, ValidationErrors) and refusal.status not in (None, 400):
        # Under any other status than 400, DRF's errors are a text under "detail".
        return APIException(str(refusal.text or cause.message), cause.code)
    return ValidationError(by_field([cause], refusals, wire_names))


def _details(cause: SimpleAuthError, refusal: Refusal) -> list[Any]:
    if refusal.text is None and isinstance(cause, InvalidValue):
        # Not documented: how DRF's own serializers read Django's ValidationError, codes and parameters included.
        details = get_error_detail(cause.error)
        return details if isinstance(details, list) else [details]
    return [ErrorDetail(str(refusal.text or cause.message), cause.code)]
