from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

VALID: Any = object()


@pytest.fixture
def ask(client: Any, user: Any) -> Callable[..., Any]:
    """Sends a request that the endpoint accepts, with a valid token of bob's, except for what the arguments replace."""
    # pytest loads this file before Django's apps are ready.
    from django_simple_auth import sessions

    def ask(
        case: Any,
        method: str = "",
        path: str = "",
        body: Any = None,
        token: str | None = VALID,
        content_type: str = "application/json",
        client: Any = client,
        **headers: str,
    ) -> Any:
        if token is VALID:
            user.refresh_from_db()
        secret = sessions.start(user).secret if token is VALID else token
        path = path or case.path
        if secret is not None and case.endpoint.secret_parameters:
            path += f"?token={secret}"
        elif secret is not None:
            headers["HTTP_AUTHORIZATION"] = f"Token {secret}"
        content = body if isinstance(body, bytes) else json.dumps(case.body if body is None else body)
        return client.generic(method or case.endpoint.method, path, content, content_type, **headers)

    return ask
