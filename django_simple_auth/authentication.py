"""DRF authentication classes: ``Authorization`` header -> token -> user."""

from __future__ import annotations

import logging

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import Error
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from rest_framework import status
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from . import sessions
from .conf import conf
from .db.outages import is_unavailable
from .exceptions import TokenRejected
from .models import AuthToken
from .tokens import format as token_format

logger = logging.getLogger("django_simple_auth")


class Unavailable(APIException):
    """The database is down or read-only. Not a 401, because clients would delete valid tokens."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = _("The service is temporarily unavailable. Try again.")
    wait = 5
    """Seconds; DRF sends them as ``Retry-After``."""


class TokenAuthentication(BaseAuthentication):
    """Reads ``Authorization: Token <token>`` or ``Bearer <token>``.

    ``request.user`` is the token's user, ``request.auth`` its ``AuthToken``. A token without one of our
    prefixes is passed on to the next authentication class; an invalid token with our prefix raises AuthenticationFailed
    with the code ``token_invalid`` or ``token_expired``.
    """

    keywords = sessions.KEYWORDS

    @sensitive_variables()
    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, AuthToken] | None:
        secret = self.secret_of(request)
        if secret is None or token_format.purpose_of(secret) is None:
            return None
        try:
            token = sessions.resume(secret, django_request(request))
        except TokenRejected as refused:
            raise AuthenticationFailed(str(refused.message), refused.code) from None
        except Error as error:
            if not is_unavailable(error):
                raise
            logger.exception("A token could not be looked up.")
            raise Unavailable from error
        return token.user, token

    def secret_of(self, request: Request) -> str | None:
        """The token that the client sent, ours or not; None if it sent none."""
        return sessions.secret_in(request.META.get("HTTP_AUTHORIZATION", ""), self.keywords)

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class QueryTokenAuthentication(TokenAuthentication):
    """Reads ``?token=<token>``, for clients of a published API that defines it.

    URLs end up in logs, histories and Referer headers. So an endpoint has to opt in, and ``take_from_query`` removes
    the token from the request before other code sees it.
    """

    parameter = "token"

    def secret_of(self, request: Request) -> str | None:
        return take_from_query(django_request(request), self.parameter)


class CookieTokenAuthentication(TokenAuthentication):
    """For browsers: reads the token from an HttpOnly cookie, which scripts cannot read, and enforces CSRF protection.

    An endpoint with ``cookie=True`` sets the cookie at login and clears it at logout.
    """

    def secret_of(self, request: Request) -> str | None:
        return request.COOKIES.get(conf.COOKIE_NAME)

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, AuthToken] | None:
        try:
            found = super().authenticate(request)
        except AuthenticationFailed:
            # An invalid cookie is treated as absent: browsers send it to public endpoints as well.
            return None
        if found is not None:
            # Other sites can make a browser send the cookie, and DRF views are exempt from Django's CSRF middleware.
            # enforce_csrf() is not documented, but DRF's session login calls it too.
            SessionAuthentication().enforce_csrf(request)
        return found


def django_request(request: Request) -> HttpRequest:
    """The request as Django's signals and middleware know it."""
    # Private, and the only way: DRF's Request wraps Django's and has no public name for it.
    return request._request


def take_from_query(request: HttpRequest, parameter: str) -> str | None:
    """Remove a query parameter from the request and return its value; None unless it is there exactly once."""
    taken: dict[str, str | None] = request.__dict__.setdefault("_simple_auth_taken", _Secrets())
    if parameter not in taken:
        query = QueryDict(request.META.get("QUERY_STRING", ""), mutable=True, encoding=request.encoding)
        values = query.pop(parameter, [])
        taken[parameter] = values[0] if len(values) == 1 else None
        if values:
            _replace_query(request, query)
    return taken[parameter]


class _Secrets(dict[str, str | None]):
    """Hides its content wherever a request is printed."""

    def __repr__(self) -> str:
        return "<secrets>"


def _replace_query(request: HttpRequest, query: QueryDict) -> None:
    request.GET = query  # type: ignore[assignment]
    encoded = query.urlencode()
    request.META["QUERY_STRING"] = encoded
    for name in ("REQUEST_URI", "RAW_URI"):
        # Application servers add these to the WSGI variables.
        if name in request.META:
            request.META[name] = request.META[name].partition("?")[0] + (f"?{encoded}" if encoded else "")
    if (scope := getattr(request, "scope", None)) is not None:
        scope["query_string"] = encoded.encode()
