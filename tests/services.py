"""What runs beside the suite, and the one line that says when it does not."""

from __future__ import annotations

import pytest
from redis import Redis, RedisError

from tests.settings import TEST_REDIS


def require_redis() -> str:
    """Redis' address; skips the test where nobody answers there."""
    try:
        Redis.from_url(TEST_REDIS, socket_connect_timeout=1).ping()
    except RedisError:  # pragma: no cover
        pytest.skip(f"no Redis at {TEST_REDIS}")
    return TEST_REDIS
