"""Views to create, list and delete API keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from .. import keys
from ..authentication import django_request
from ..exceptions import InvalidValue, KeyNotFound, TokenInvalid
from ..wire import Outcome, View, user_of


class CreateKey(View):
    """Create an API key."""

    name = "key"
    throttle = "key"
    raises = (InvalidValue, TokenInvalid)

    def perform(
        self,
        request: Request,
        *args: Any,
        name: str = "",
        scopes: Sequence[str] = (),
        expires_at: datetime | None = None,
        **values: Any,
    ) -> Outcome:
        user = user_of(request)
        issued = keys.create(user, name=name, scopes=scopes, expires_at=expires_at, request=django_request(request))
        key = keys.key_of(issued.row)
        return Outcome(user=user, token=issued.secret, expires_at=key.expires_at, item=key)


class CreateKeyByGet(CreateKey):
    """Create an API key with a GET request, as a published contract requires."""

    method = "GET"


class ListKeys(View):
    """List your API keys, without their secrets."""

    name = "keys"
    method = "GET"
    safe = True

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        user = user_of(request)
        return Outcome(user=user, items=keys.active(user))


class DeleteKey(View):
    """Delete one of your API keys."""

    name = "delete_key"
    method = "DELETE"
    raises = (KeyNotFound,)

    def perform(self, request: Request, *args: Any, key_id: int, **values: Any) -> Outcome:
        user = user_of(request)
        keys.delete(user, key_id, django_request(request))
        return Outcome(user=user)
