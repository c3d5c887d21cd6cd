"""From a cause, as a service names it, to an exception that DRF can answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404
from django.utils.functional import Promise
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

from ..exceptions import (
    InvalidValue,
    NotAllowed,
    ResourceNotFound,
    SimpleAuthError,
    TokenRejected,
    TooManyAttempts,
    ValidationErrors,
)

ExceptionHandler: TypeAlias = Callable[[Exception, dict[str, Any]], Response | None]
"""Like DRF's EXCEPTION_HANDLER: None leaves it to Django."""

NON_FIELD_ERRORS = "non_field_errors"


@dataclass(frozen=True)
class Refusal:
    """How a contract answers one cause, where it differs from the usual."""

    text: str | Promise | None = None
    status: int | None = None
    field: str | None = None
    """The name on the wire that it stands under; "": none, though the cause has a field."""


Refusals: TypeAlias = Mapping[type[Exception], Refusal]

_IN_DRF: dict[type[SimpleAuthError], type[APIException]] = {
    NotAllowed: PermissionDenied,
    TooManyAttempts: Throttled,
    ResourceNotFound: NotFound,
    TokenRejected: AuthenticationFailed,
}
"""What DRF says, too: a contract's word on the one holds for the other. All other refusals are ValidationErrors."""


@dataclass(frozen=True)
class Manners:
    """How a contract speaks at all its endpoints."""

    errors: ExceptionHandler
    refusals: Refusals
    language: str | None


def refusal_for(cause: type[Exception], refusals: Refusals) -> Refusal:
    """The contract's word on this cause, or on the nearest cause above it."""
    kinds = (*cause.__mro__, *(_in_drf(cause) or object).__mro__)
    return next((refusals[kind] for kind in kinds if kind in refusals), Refusal())


def _in_drf(cause: type[Exception]) -> type[APIException] | None:
    return next((drf for kind, drf in _IN_DRF.items() if issubclass(cause, kind)), None)


def status_of(cause: type[Exception], refusals: Refusals) -> int:
    """The status under which a cause is answered."""
    seen_by_drf = _in_drf(cause) or (ValidationError if issubclass(cause, SimpleAuthError) else cause)
    usual: int = getattr(seen_by_drf, "status_code", 500)
    return refusal_for(cause, refusals).status or usual


def as_drf_exception(exc: Exception) -> Exception:
    """What DRF makes of Django's own refusals; everything else as it is."""
    if isinstance(exc, Http404):
        return NotFound()
    return PermissionDenied() if isinstance(exc, DjangoPermissionDenied) else exc


def as_api_exception(cause: SimpleAuthError, refusals: Refusals, wire_names: Mapping[str, str]) -> APIException:
    """The DRF exception for a service's refusal; ``wire_names`` says what the client called the domain's fields."""
    if isinstance(cause, TooManyAttempts):
        return Throttled(wait=cause.retry_after)
    if (kind := _in_drf(type(cause))) is not None:
        return kind(str(cause.message), cause.code)
    refusal = refusal_for(type(cause), refusals)
    if cause.field is None and not isinstance(cause, ValidationErrors) and refusal.status not in (None, 400):
        # Under any other status than 400, DRF's errors are a text under "detail".
        return APIException(str(refusal.text or cause.message), cause.code)
    return ValidationError(by_field([cause], refusals, wire_names))


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


def override(error: APIException, refusal: Refusal) -> APIException:
    """The same error under the status and in the words that the contract promises."""
    if refusal.text is not None and not isinstance(error, ValidationError):
        error.detail = ErrorDetail(str(refusal.text), getattr(error.detail, "code", error.default_code))
    if refusal.status is not None:
        error.status_code = refusal.status
    return error


def _details(cause: SimpleAuthError, refusal: Refusal) -> list[Any]:
    if refusal.text is None and isinstance(cause, InvalidValue):
        # Not documented: how DRF's own serializers read Django's ValidationError, codes and parameters included.
        details = get_error_detail(cause.error)
        return details if isinstance(details, list) else [details]
    return [ErrorDetail(str(refusal.text or cause.message), cause.code)]
