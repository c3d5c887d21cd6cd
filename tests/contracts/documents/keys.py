"""What the tests of the ``keys`` document share."""

from __future__ import annotations

from typing import Any


def is_error(body: Any) -> bool:
    return set(body) == {"error"} and isinstance(body["error"], str)
