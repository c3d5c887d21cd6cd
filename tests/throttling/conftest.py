from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def _two_per_minute(settings: Any) -> Iterator[None]:
    """Limit only logins, and reset the circuit breaker of the cache."""
    from django_simple_auth.throttling import attempts
    from tests.support.throttling import only

    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login="2/min")}
    attempts._cache._begin()
    yield
    attempts._cache._begin()
