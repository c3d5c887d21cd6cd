"""Views to log in and out without a token."""

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
    """Log in without getting a token.

    The user counts as logged in until they log out.
    """

    def grant(self, attempt: LoginAttempt) -> Outcome:
        presence.start(attempt.user, attempt.request, bound_to=attempt.bound_to)
        return Outcome(user=attempt.user)


class LogOutById(View):
    """Log out the user with this id.

    Needs no authentication.
    """

    name = "logout"
    throttle = "logout_by_id"
    raises = (UnknownUser,)
    authentication_classes = ()
    permission_classes = ()
    unauthenticated = True

    def perform(self, request: Request, *args: Any, user_id: str, **values: Any) -> Outcome:
        presence.end_by_id(user_id, django_request(request))
        return Outcome()
