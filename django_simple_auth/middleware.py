"""``Authorization`` header -> token -> user, for views without DRF."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject, cached_property
from django.views.decorators.debug import sensitive_variables

from . import sessions
from .exceptions import TokenRejected
from .models import AuthToken
from .tokens import format as token_format


class TokenAuthenticationMiddleware:
    """Sets ``request.user``, ``request.auser`` and ``request.auth`` from ``Authorization: Token`` or ``Bearer``.

    ``request.auth`` is the ``AuthToken`` or None. The token is looked up when one of the three is used first. If it
    has our prefix but is invalid or expired, the user is anonymous, even if a session cookie was sent. Without a token
    of ours, ``request.user`` stays what Django's AuthenticationMiddleware has set; without that too, it is anonymous.

    Never answers by itself. If the database is down, using one of the three raises the database's error.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self.__acall__(request)
        credentials = _attach(request)
        return _vary(self.get_response(request), credentials)

    async def __acall__(self, request: HttpRequest) -> HttpResponseBase:
        credentials = _attach(request)
        return _vary(await self.get_response(request), credentials)


class _Credentials:
    """Who sent a request. Found out when it is asked for, and remembered."""

    @sensitive_variables()
    def __init__(self, request: HttpRequest) -> None:
        secret = sessions.secret_in(request.META.get("HTTP_AUTHORIZATION", ""))
        self.were_used = False
        self._request = request
        self._token: AuthToken | None = None
        self._secret = secret or ""
        self._is_resolved = secret is None or token_format.purpose_of(secret) is None
        # Whose request it is without a token. A refused token must not make it the session's user: the client asked
        # to be somebody else.
        self._user: Any = AnonymousUser()
        self._auser: Any = None
        if self._is_resolved:
            self._user = getattr(request, "user", self._user)
            self._auser = getattr(request, "auser", None)

    def token(self) -> AuthToken | None:
        self.were_used = True
        if not self._is_resolved:
            try:
                self._keep(sessions.resume(self._secret, self._request))
            except TokenRejected:
                self._keep(None)
        return self._token

    async def atoken(self) -> AuthToken | None:
        self.were_used = True
        if not self._is_resolved:
            try:
                self._keep(await sessions.aresume(self._secret, self._request))
            except TokenRejected:
                self._keep(None)
        return self._token

    def user(self) -> Any:
        token = self.token()
        return self._user if token is None else token.user

    async def auser(self) -> Any:
        token = await self.atoken()
        if token is not None:
            return token.user
        return self._user if self._auser is None else await self._auser()

    def _keep(self, token: AuthToken | None) -> None:
        self._token = token
        self._is_resolved = True
        # DRF's SessionAuthentication takes the user and drops the token, but ``permissions`` must know of an API key.
        vars(self._request)["_simple_auth_token"] = token


def _attach(request: HttpRequest) -> _Credentials:
    credentials = _Credentials(request)
    user = SimpleLazyObject(credentials.user)
    vars(request).update(user=user, auser=credentials.auser, _simple_auth_credentials=credentials)
    # To mypy, a class has the ``__hash__`` of its instances.
    request.__class__ = _with_auth(type(request))  # type: ignore[arg-type]
    return credentials


@cache
def _with_auth(request_class: type[HttpRequest]) -> type[HttpRequest]:
    """The class of a request, with an ``auth`` that is looked up when it is read. It can be set, as DRF does.

    A lazy object, like ``request.user``, was rejected: it is never None, so ``request.auth is not None`` would accept
    an invalid token.
    """
    auth = cached_property(lambda request: vars(request)["_simple_auth_credentials"].token())
    return type(request_class.__name__, (request_class,), {"__module__": request_class.__module__, "auth": auth})


def _vary(response: HttpResponseBase, credentials: _Credentials) -> HttpResponseBase:
    """Keep caches from giving the answer to another user, as SessionMiddleware does for cookies."""
    if credentials.were_used:
        patch_vary_headers(response, ["Authorization"])
    return response
