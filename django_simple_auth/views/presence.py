"""Logged in without a token."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from .. import presence
from ..accounts.login import LoginAttempt
from ..authentication import django_request
from ..exceptions import UnknownUser
from ..wire import Outcome, View
from .sessions import LogInDisclosingCause


class LogInWithoutToken(LogInDisclosingCause):
    """Run a whole login; what it grants is not a token, but that the user counts as logged in."""

    def grant(self, attempt: LoginAttempt) -> Outcome:
        presence.start(attempt.user, attempt.request, bound_to=attempt.bound_to)
        return Outcome(user=attempt.user)


class LogOutById(View):
    """Note that the user whom the path names is gone. Whoever asks."""

    name = "logout"
    throttle = "logout_by_id"
    raises = (UnknownUser,)
    authentication_classes = ()
    permission_classes = ()
    unauthenticated = True

    def perform(self, request: Request, *args: Any, user_id: str, **values: Any) -> Outcome:
        presence.end_by_id(user_id, django_request(request))
        return Outcome()
