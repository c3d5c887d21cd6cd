"""Logged in without a token."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from .. import presence
from ..refusals import UnknownUser
from ..wire import Outcome, View
from .sessions import LogInOrSayWhy


class Enter(LogInOrSayWhy):
    """Check the password, note that the user is here. There is no token."""

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        user = self.authenticate(request, **values)
        self.admit(request, user)
        presence.enter(user, request._request)
        return Outcome(user=user)


class Leave(View):
    """Note that the user whom the path names is gone. Whoever asks."""

    name = "logout"
    throttle = "leave"
    refuses = (UnknownUser,)
    authentication_classes = ()
    permission_classes = ()
    takes_anyones_word = True

    def perform(self, request: Request, *args: Any, user_id: str, **values: Any) -> Outcome:
        presence.leave(user_id, request._request)
        return Outcome()
