"""One server process for all documents, with its own database."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from tests.support.client import hold_to_the_rules
from tests.support.http import Server, send
from tests.support.project import Project, fresh_database, orm_on


class API:
    """Sends requests to a server, and checks what must hold for every answer."""

    def __init__(self, server: Server, log: Path) -> None:
        self.address = server.address
        self.port = server.port
        self._log = log

    def __call__(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """Status and JSON body (None: empty)."""
        content = None if body is None else json.dumps(body).encode()
        status, answer, _headers = self.send(method, path, content, token)
        return status, answer

    def send(
        self,
        method: str,
        path: str,
        content: bytes | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any, Any]:
        """Status, JSON body and headers. The request may be invalid."""
        sent = {"Content-Type": "application/json", **(headers or {})}
        if token is not None:
            sent["Authorization"] = f"Token {token}"
        status, received, answered = send(method, f"{self.address}{path}", content, sent)
        hold_to_the_rules(status, answered, received, token)
        return status, json.loads(received) if received else None, answered

    def at_once(self, method: str, path: str, bodies: Sequence[Any]) -> list[tuple[int, Any]]:
        with ThreadPoolExecutor(len(bodies)) as pool:
            return list(pool.map(lambda body: self(method, path, body), bodies))

    def logged(self, method: str, path: str) -> str:
        """What a request has added to the project's logs."""
        before = len(self._log.read_text())
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            # The access log is written after the answer, and the connection closed after that.
            while connection.recv(4096):
                pass
        return self._log.read_text()[before:]


@pytest.fixture(scope="session")
def server_database(tmp_path_factory: Any, django_db_blocker: Any) -> Iterator[Any]:
    with fresh_database("documents", tmp_path_factory.mktemp("database"), django_db_blocker) as connection:
        yield connection


@pytest.fixture(scope="session")
def api(tmp_path_factory: Any, server_database: Any) -> Iterator[API]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "common_passwords.txt").write_text("password\npassword1\n")
    project = Project("tests.contracts.documents.settings", server_database, folder)
    project.manage("migrate", "-v0").check_returncode()
    server = project.serve()
    yield API(server, folder / "log.txt")
    server.stop()


@pytest.fixture(autouse=True)
def _use_the_servers_database(server_database: Any, django_db_blocker: Any) -> Iterator[None]:
    with orm_on(server_database, django_db_blocker):
        yield


@pytest.fixture
def disable() -> Iterator[Callable[[str], None]]:
    """Disables the account with this e-mail address until the test ends."""
    users = get_user_model().objects
    disabled: list[str] = []

    def disable(email: str) -> None:
        disabled.append(email)
        users.filter(email=email).update(is_active=False)

    yield disable
    users.filter(email__in=disabled).update(is_active=True)
