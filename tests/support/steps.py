"""Login steps, as projects name them in SIMPLE_AUTH["LOGIN_STEPS"]."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from django_simple_auth.accounts.login import LoginAttempt
from django_simple_auth.exceptions import ChallengeRequired, InvalidCredentials, SimpleAuthError

seen: list[LoginAttempt] = []
"""The attempts that ``look`` has been called with in this test."""


def look(attempt: LoginAttempt) -> None:
    seen.append(attempt)


def refuse(attempt: LoginAttempt) -> None:
    raise InvalidCredentials


def challenge(attempt: LoginAttempt) -> None:
    raise ChallengeRequired({"methods": ["code"]})


class OutsideOfficeHours(SimpleAuthError):
    code = "outside_office_hours"
    message = "Please come back tomorrow."


def close(attempt: LoginAttempt) -> None:
    raise OutsideOfficeHours


def bind_to_staff(attempt: LoginAttempt) -> None:
    look(attempt)
    attempt.bind(Q(is_staff=True))
    attempt.bind(Q(first_name=""))


def use_steps(settings: Any, *names: str, **more: Any) -> None:
    """Set these functions of this module as LOGIN_STEPS, and other keys of SIMPLE_AUTH."""
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}, "LOGIN_STEPS": [f"{__name__}.{name}" for name in names], **more}
