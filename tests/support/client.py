"""A client that checks in every answer what must hold for all of them."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client as DjangoClient

PASSWORD = "canary-Correct-Horse-7"


class Client(DjangoClient):
    """Speaks JSON. ``token`` is sent along with every request once it is set."""

    token: str | None = None

    def request(self, **environ: Any) -> Any:
        if self.token is not None:
            environ.setdefault("HTTP_AUTHORIZATION", f"Token {self.token}")
        response = super().request(**environ)
        hold_to_the_rules(response.status_code, response.headers, response.content, self.token)
        return response

    def generic(
        self, method: str, path: str, data: Any = "", content_type: str = "application/json", **extra: Any
    ) -> Any:
        if isinstance(data, (dict, list)):
            data = json.dumps(data)
        return super().generic(method, path, data, content_type, **extra)

    def send(self, method: str, path: str, data: Any = "", **extra: Any) -> Any:
        """Send a request with any method; the data becomes JSON unless it is text or bytes."""
        return self.generic(method, path, data, **extra)

    def post(self, path: str, data: Any = "", **extra: Any) -> Any:  # type: ignore[override]
        return self.generic("POST", path, data, **extra)


def hold_to_the_rules(status: int, headers: Any, content: bytes, token: str | None) -> None:
    assert status < 500
    assert headers["Cache-Control"] == "no-store"
    assert PASSWORD.encode() not in content
    assert PASSWORD not in str(headers)
    if status == 204 or not content:
        assert content == b""
    else:
        assert headers["Content-Type"] == "application/json"
        json.loads(content)
    if token:
        assert token.encode() not in content
    if status == 401:
        assert headers["WWW-Authenticate"] == "Token"
    if status == 429:
        assert int(headers["Retry-After"]) > 0
