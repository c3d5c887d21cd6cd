"""Register, log in, use the token, log out: as curl commands to copy, or sent without curl."""

import json
import secrets
from http.client import HTTPConnection
from shlex import quote
from typing import Any, NamedTuple

from .bootstrap import Failed

HOST = "127.0.0.1"


class Request(NamedTuple):
    """One request of the tour, and the status of its answer."""

    method: str
    path: str
    status: int
    body: dict[str, str] = {}
    with_token: bool = True


def plan() -> list[Request]:
    """The tour for a new user, because an account can be registered only once."""
    name = f"ada-{secrets.token_hex(3)}"
    credentials = {"username": name, "password": "correct horse battery"}
    account = {**credentials, "email": f"{name}@example.com"}
    return [
        Request("POST", "/api/auth/register/", 201, account, with_token=False),
        Request("POST", "/api/auth/login/", 200, credentials, with_token=False),
        Request("GET", "/api/auth/me/", 200),
        Request("POST", "/api/notes/", 201, {"text": "Buy milk"}),
        Request("POST", "/api/auth/logout/", 204),
        Request("GET", "/api/auth/me/", 401),
    ]


def as_curl(request: Request, port: int) -> str:
    """A shell command. The one that logs in keeps the token in $TOKEN."""
    words = [f"-X {request.method}", f"http://{HOST}:{port}{request.path}"]
    if request.with_token:
        words.append('-H "Authorization: Token $TOKEN"')
    if request.body:
        words += ["-H 'Content-Type: application/json'", f"-d {quote(json.dumps(request.body))}"]
    if "login" in request.path:
        extract = """python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'"""
        return f"TOKEN=$(curl -s {' '.join(words)} | {extract}); echo $TOKEN"
    return f"curl -s -w ' %{{http_code}}\\n' {' '.join(words)}"


def take(port: int) -> list[str]:
    """Send the requests; returns a line for each. Raises Failed at the first unexpected answer."""
    token = ""
    lines = []
    for request in plan():
        status, answer = send(request, port, token)
        lines.append(f"      {request.method:4} {request.path:20} {status}")
        if status != request.status:
            raise Failed(
                f"{request.method} {request.path} should answer {request.status}.", "\n".join([*lines, answer, ""])
            )
        if "login" in request.path:
            token = json.loads(answer)["token"]
    return lines


def send(request: Request, port: int, token: str) -> tuple[int, str]:
    """The status and the body of the answer."""
    headers: dict[str, Any] = {"Content-Type": "application/json"} if request.body else {}
    if request.with_token:
        headers["Authorization"] = f"Token {token}"
    connection = HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request(request.method, request.path, json.dumps(request.body) if request.body else None, headers)
        response = connection.getresponse()
        return response.status, response.read().decode(errors="replace")
    except OSError as error:
        return 0, f"No answer: {error}"
    finally:
        connection.close()
