"""Server processes, and requests to them over a real connection."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen


class Server:
    """A process that listens on a free port of this machine, from start to stop()."""

    def __init__(self, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [*command, f"127.0.0.1:{self.port}"],
            cwd=cwd,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, f"{command} ended instead of listening."
            time.sleep(0.1)
        self.stop()  # pragma: no cover
        raise AssertionError(f"{command} did not begin to listen on port {self.port}.")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def call(method: str, url: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Status and JSON body (None: empty) of one request."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Token {token}"
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(url, data, headers, method=method)) as response:
            return response.status, _json(response)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, _json(refusal)


def _json(response: Any) -> Any:
    content = response.read()
    if not content:
        return None
    assert response.headers["Content-Type"] == "application/json"
    return json.loads(content)
