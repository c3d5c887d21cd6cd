"""Logged in without a token."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from .. import presence
from ..exceptions import UnknownUser
from ..wire import Outcome, View
from .sessions import LogInDisclosingCause


class LogInWithoutToken(LogInDisclosingCause):
    """Check the password, note that the user is here. There is no token."""

    def perform(self, request: Request, *args: Any, **values: Any) -> Outcome:
        user = self.authenticate(request, **values)
        self.admit(request, user)
        presence.start(user, request._request)
        return Outcome(user=user)


class LogOutById(View):
    """Note that the user whom the path names is gone. Whoever asks."""

    name = "logout"
    throttle = "logout_by_id"
    raises = (UnknownUser,)
    authentication_classes = ()
    permission_classes = ()
    unauthenticated = True

    def perform(self, request: Request, *args: Any, user_id: str, **values: Any) -> Outcome:
        presence.end_by_id(user_id, request._request)
        return Outcome()
