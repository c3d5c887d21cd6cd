"""Requests that verify or change an e-mail address."""

from __future__ import annotations

from typing import Any

from tests.support.client import PASSWORD
from tests.support.messages import secret_in


def open_link(client: Any, message: Any) -> Any:
    """Send the token from the e-mail to the endpoint that verifies addresses."""
    return client.post("/api/auth/email/verify/", {"token": secret_in(message)})


def change_to(client: Any, email: str, password: str = PASSWORD) -> Any:
    """Request a change to this address."""
    return client.post("/api/auth/email/change/", {"email": email, "current_password": password})
