"""``Authorization`` header -> token -> user."""

from __future__ import annotations

import logging

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from . import sessions, tokens
from .models import AuthToken
from .refusals import TokenRefused

logger = logging.getLogger("django_simple_auth")


class Unavailable(APIException):
    """The database is down. Never a 401: clients would throw good tokens away."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"
    default_detail = _("The service is temporarily unavailable. Try again.")
    wait = 5
    """Seconds; DRF sends them as ``Retry-After``."""


class TokenAuthentication(BaseAuthentication):
    """Reads ``Authorization: Token <token>`` or ``Bearer <token>``.

    ``request.user`` is the token's user, ``request.auth`` its ``AuthToken``. A token that carries none of our prefixes
    is left to the next authentication class; one of ours that opens nothing raises AuthenticationFailed with the code
    ``token_invalid`` or ``token_expired``.
    """

    keywords = ("token", "bearer")

    def authenticate(self, request: Request) -> tuple[AbstractBaseUser, AuthToken] | None:
        secret = presented_secret(request)
        if secret is None or tokens.purpose_of(secret) is None:
            return None
        try:
            token = sessions.resume(secret)
        except TokenRefused as refused:
            raise AuthenticationFailed(str(refused.message), refused.code) from None
        except (OperationalError, InterfaceError) as error:
            logger.exception("A token could not be looked up.")
            raise Unavailable from error
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Token"


def presented_secret(request: Request) -> str | None:
    """What follows the keyword ``Token`` or ``Bearer``, whosesoever it is."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    keyword, _separator, secret = header.partition(" ")
    if keyword.lower() not in TokenAuthentication.keywords:
        return None
    return secret.strip() or None
