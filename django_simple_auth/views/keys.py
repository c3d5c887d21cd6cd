"""API keys: made, listed, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rest_framework.request import Request

from .. import keys
from ..exceptions import InvalidValue, KeyNotFound, TokenInvalid
from ..wire import Outcome, View
from ..wire.view import user_of


class CreateKey(View):
    """Make an API key."""

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
        issued = keys.create(user, name=name, scopes=scopes, expires_at=expires_at, request=request._request)
        return Outcome(user=user, token=issued.secret, expires_at=issued.row.expires_at, row=issued.row)


class CreateKeyByGet(CreateKey):
    """Make an API key, by the GET of clients that know no better."""

    method = "GET"


class ListKeys(View):
    """The user's API keys, without their secrets."""

    name = "keys"
    method = "GET"
    safe = True

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        user = user_of(request)
        return Outcome(user=user, rows=keys.active(user))


class DeleteKey(View):
    """End one API key of the user, which the path names by its id."""

    name = "delete_key"
    method = "DELETE"
    raises = (KeyNotFound,)

    def perform(self, request: Request, *args: Any, key_id: int, **values: Any) -> Outcome:
        user = user_of(request)
        keys.delete(user, key_id, request._request)
        return Outcome(user=user)
