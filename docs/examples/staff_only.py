"""Only staff may log in."""

from django.db.models import Q

from django_simple_auth.accounts.login import LoginAttempt
from django_simple_auth.exceptions import InvalidCredentials


def staff_only(attempt: LoginAttempt) -> None:
    if not attempt.user.is_staff:
        raise InvalidCredentials
    attempt.bind(Q(is_staff=True))
