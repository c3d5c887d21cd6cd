"""Accounts and logins for tests."""

from __future__ import annotations

from typing import Any

import pytest

from django_simple_auth import accounts, sessions
from django_simple_auth.exceptions import InvalidCredentials, ValidationErrors
from django_simple_auth.models import AuthToken
from tests.support.client import PASSWORD


def register(username: str = "ann", email: str = "ann@example.com", password: str = PASSWORD, **more: Any) -> Any:
    """Register a user, by default Ann."""
    return accounts.register(username=username, email=email, password=password, **more)


def causes(refused: pytest.ExceptionInfo[ValidationErrors]) -> set[tuple[type, str | None]]:
    """``(exception class, field)`` of each error."""
    return {(type(error), error.field) for error in refused.value.errors}


def can_log_in(password: str) -> bool:
    """Whether Bob's password is this one."""
    try:
        accounts.authenticate(username="bob", password=password)
    except InvalidCredentials:
        return False
    return True


def log_in(client: Any, user: Any) -> AuthToken:
    """Give the client a token of the user; returns its row."""
    issued = sessions.start(user)
    client.token = issued.secret
    return issued.row
