"""Server processes, and requests to them over a real connection."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Mapping
from email.message import Message
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


def send(method: str, url: str, content: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes, Message]:
    """Status, body and headers of the answer to a request that may be malformed."""
    try:
        response = urlopen(Request(url, content, dict(headers), method=method))
    except HTTPError as refusal:
        response = refusal
    with response:
        return response.status, response.read(), response.headers


def call(method: str, url: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
    """Status and JSON body (None: empty) of one request."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Token {token}"
    status, received, answered = send(method, url, None if body is None else json.dumps(body).encode(), headers)
    if not received:
        return status, None
    assert answered["Content-Type"] == "application/json"
    return status, json.loads(received)
