"""API keys."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from .. import keys
from ..wire import Outcome, View
from ..wire.view import user_of


class CreateKey(View):
    """Make an API key."""

    name = "key"
    throttle = "key"

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        user = user_of(request)
        return Outcome(user=user, token=keys.create(user).secret)


class CreateKeyByGet(CreateKey):
    """Make an API key, by the GET of clients that know no better."""

    method = "GET"
