"""DRF permissions that tell API keys from logins."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request

from .models import AuthToken


def HasScope(scope: str) -> type[BasePermission]:
    """A permission class for your own views: ``permission_classes = [HasScope("notes:read")]``.

    Grants access to every logged-in user, and to an API key that has the scope.
    """

    class HasScope(IsAuthenticated):
        message = _("This API key lacks the required scope.")

        def has_permission(self, request: Request, view: Any) -> bool:
            if not super().has_permission(request, view):
                return False
            token = token_of(request)
            return not is_api_key(token) or scope in token.scopes.split()

    return HasScope


class DenyAPIKey(BasePermission):
    """Refuses API keys: the account, its sessions and its keys are managed by a logged-in user."""

    message = _("An API key cannot do this.")

    def has_permission(self, request: Request, view: object) -> bool:
        return not is_api_key(token_of(request))


def token_of(request: Request) -> Any:
    """``request.auth`` or, where SessionAuthentication took the user of our middleware, the middleware's token."""
    return request.auth or getattr(request, "_simple_auth_token", None)


def is_api_key(auth: Any) -> bool:
    """Whether ``request.auth`` is an API key of ours."""
    return isinstance(auth, AuthToken) and auth.purpose == AuthToken.Purpose.KEY
