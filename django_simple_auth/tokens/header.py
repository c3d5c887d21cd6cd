"""The token in an ``Authorization`` header."""

from __future__ import annotations

from collections.abc import Container

from django.views.decorators.debug import sensitive_variables

KEYWORDS = ("token", "bearer")


@sensitive_variables()
def token_in(header: str, keywords: Container[str] = KEYWORDS) -> str | None:
    """The token that the client sent, ours or not; None if it sent none. The keyword may be in upper or lower case."""
    keyword, _separator, secret = header.partition(" ")
    if keyword.lower() not in keywords:
        return None
    return secret.strip() or None
