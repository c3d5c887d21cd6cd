"""What several tests of the native contract send."""

from __future__ import annotations

from typing import Any

from tests.support.client import PASSWORD

API = "/api/auth"
NEW = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}
INVALID = {
    "number": 7,
    "boolean": True,
    "null": None,
    "list": ["bob"],
    "object": {"a": 1},
    "empty": "",
    "blanks": "   ",
    "NUL": "bo\0b",
    "surrogate": "\ud800",
    "control": "bob\r\nSet-Cookie: a=b",
    "growing": "\ufdfa" * 150,
    "endless": "a" * 1_000_000,
}


def log_in(client: Any) -> dict[str, Any]:
    """The answer to bob's login. The client sends the token from then on."""
    body = client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).json()
    client.token = body["token"]
    return body
