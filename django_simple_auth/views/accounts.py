"""An account: made, shown."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request

from .. import accounts
from ..refusals import Refused, Several
from ..wire import Outcome, View
from ..wire.view import user_of


class Register(View):
    """Make an account."""

    name = "register"
    status = 201
    throttle = "register"
    refuses = (Several,)
    authentication_classes = ()
    permission_classes = ()

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=accounts.register(request=request._request, **values))

    def faults(self, **values: Any) -> list[Refused]:
        return accounts.faults(**values)


class ShowAccount(View):
    """Who am I."""

    name = "me"
    method = "GET"
    reads_only = True
    permission_classes = (IsAuthenticated,)

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        return Outcome(user=user_of(request))
