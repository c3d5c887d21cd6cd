"""A browser's token, in a cookie that no script can read."""

from __future__ import annotations

from math import ceil

from django.http import HttpResponseBase
from django.middleware.csrf import rotate_token
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request, is_form_media_type

from ..authentication import django_request
from ..conf import conf
from ..db.clock import now
from .answers import Outcome


def write_cookie(response: HttpResponseBase, request: Request, outcome: Outcome) -> None:
    """Set the cookie to the outcome's token, or clear it. Secure and without a domain, as ``__Host-`` demands."""
    if outcome.token is None:
        response.set_cookie(conf.COOKIE_NAME, "", max_age=0, secure=True, httponly=True, samesite="Lax")
        return
    seconds = None if outcome.expires_at is None else ceil((outcome.expires_at - now()).total_seconds())
    response.set_cookie(conf.COOKIE_NAME, outcome.token, max_age=seconds, secure=True, httponly=True, samesite="Lax")
    # The page needs a CSRF token for its next request, and Django sends its cookie along. It is a new one, because an
    # attacker may have planted the old one.
    # rotate_token() is not documented; Django's login() calls it for the same reason.
    rotate_token(django_request(request))


def refuse_foreign_form(request: Request) -> None:
    """Raise PermissionDenied for a form without Django's CSRF token, which only pages of the project know.

    Before an endpoint sets the cookie: a form of another site could otherwise log a browser in as the attacker, whose
    account then gets what its user enters. Other content types than a form's cannot be sent across sites.
    """
    # Neither is documented; DRF decides by the one what a form is, and its session login calls the other.
    if is_form_media_type(request.content_type):
        SessionAuthentication().enforce_csrf(request)
