"""Services that the suite needs; tests are skipped where they are missing."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from redis import Redis, RedisError

from tests.settings import TEST_REDIS


def require_redis() -> str:
    """The URL of Redis; skips the test if it is not running."""
    try:
        Redis.from_url(TEST_REDIS, socket_connect_timeout=1).ping()
    except RedisError:  # pragma: no cover
        pytest.skip(f"no Redis at {TEST_REDIS}")
    return TEST_REDIS


def redis_cache(location: str, **parameters: Any) -> dict[str, Any]:
    """CACHES with Redis as default."""
    return {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": location, **parameters}}


class RedisServer:
    """A Redis for one test, which may freeze and kill it; skips the test if none is installed."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:  # pragma: no cover
            pytest.skip("no redis-server is installed")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        self.location = f"redis://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [program, "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
        )
        with socket.socket() as probe:
            while probe.connect_ex(("127.0.0.1", port)):
                assert self.process.poll() is None, "redis-server ended instead of listening."
                time.sleep(0.01)

    def freeze(self) -> None:
        """Stop the process: it keeps its connections and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        with Redis.from_url(self.location) as client:
            client.flushall()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
