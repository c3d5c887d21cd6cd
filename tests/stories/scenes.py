"""Read the stories in docs/accounts/, in the notation that docs/accounts.md explains, and play them."""

from __future__ import annotations

import ast
import json
import re
import shlex
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import BigIntegerField, ExpressionWrapper, F

from django_simple_auth.db.fields import MICROSECOND, TimestampField
from tests.support.client import hold_to_the_rules
from tests.support.http import Server, send
from tests.support.messages import emails_in, text_of
from tests.support.project import Project

PATIENCE = 60
"""Seconds to wait for an e-mail, which takes milliseconds: far more than a slow machine needs."""

PASSWORD = "Correct-Horse-7"
SHAPES = {
    "token": r"ds[a-z]_[0-9A-Za-z]{49}",
    "key": r"dsk_[0-9A-Za-z]{49}",
    "csrf": r"[0-9A-Za-z]{32}",
    "id": r"\d+",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z",
    "date": r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT",
    "seconds": r"\d+",
}
"""Patterns for ``<...>``, by its last word."""
FLEETING = {"time", "date", "seconds"}
"""Placeholders whose value may differ each time."""


@dataclass(frozen=True)
class Story:
    title: str
    domain: str
    """The domain of its e-mail addresses. An e-mail of another story may still be on its way."""
    settings: dict[str, Any]
    """The keys of SIMPLE_AUTH that it sets."""
    scenes: list[str]

    def __str__(self) -> str:
        return self.title


def stories_in(folder: Path) -> list[Story]:
    pages = "\n".join(page.read_text() for page in sorted(folder.glob("*.md")))
    sections = re.findall(r"^## (.+?)\n(.*?)(?=^##? |\Z)", pages, re.MULTILINE | re.DOTALL)
    return [
        Story(
            title,
            f"story-{number}.example.com",
            {
                name: ast.literal_eval(value)
                for name, value in re.findall(r'^SIMPLE_AUTH\["(\w+)"\] = (.+)$', text, re.MULTILINE)
            },
            scenes,
        )
        for number, (title, text) in enumerate(sections)
        if (scenes := re.findall(r"```text\n(.*?)\n```", text, re.DOTALL))
    ]


class Player:
    """Sends what a scene says, and compares the answer with it."""

    def __init__(self, project: Project, server: Server, domain: str) -> None:
        self._project = project
        self._server = server
        self._domain = domain
        self._known: dict[str, str] = {}
        self._read: set[str] = set()

    def play(self, scene: str) -> None:
        action, _blank, expected = scene.replace("@example.com", f"@{self._domain}").partition("\n\n")
        if action.startswith("manage.py "):
            self._command(shlex.split(action)[1:], expected)
        elif action.startswith("mail to "):
            self._email(action.removeprefix("mail to "), expected)
        elif action.endswith(" later"):
            number, unit, _later = action.split()
            pass_time(timedelta(**{unit: int(number)}))
        else:
            self._request(action, expected)

    def _command(self, words: list[str], expected: str) -> None:
        done = self._project.manage(*words)
        assert self._is_in(done.stdout + done.stderr, expected), done

    def _email(self, email: str, expected: str) -> None:
        # A story that sends two e-mails of the same kind shows the first before it requests the second.
        deadline = time.monotonic() + PATIENCE
        found = None
        while found is None:
            assert time.monotonic() < deadline, f"No e-mail to {email} contains:\n{expected}"
            time.sleep(0.02)
            received = [message for message in emails_in(self._project.folder) if message["To"] == email]
            unread = [message for message in received if message["Message-ID"] not in self._read]
            found = next((message for message in unread if self._is_in(text_of(message), expected)), None)
        self._read.add(found["Message-ID"])

    def _request(self, request: str, expected: str) -> None:
        (line, *lines), body = _head_and_body(self._filled(request))
        method, path = line.split()
        sent = {"Content-Type": "application/json", **dict(header.split(": ", 1) for header in lines)}
        url = self._server.address + (path if path.startswith("/") else f"/api/auth/{path}")
        status, content, headers = send(method, url, body.encode() or None, sent)
        seen = f"{status}\n{headers}{content.decode()}"
        hold_to_the_rules(status, headers, content, sent.get("Authorization", "").rpartition(" ")[2])
        (expected_status, *lines), body = _head_and_body(expected)
        assert str(status) == expected_status, seen
        for header in lines:
            name, value = header.split(": ", 1)
            assert self._is_in("\n".join(headers.get_all(name, [])), value), seen
        received = json.dumps(json.loads(content), ensure_ascii=False) if content else ""
        assert self._is_in(received, body.replace("\n ", " ")), f"{seen}\ninstead of\n{expected}"

    def _is_in(self, seen: str, expected: str) -> bool:
        """Whether the text contains all expected lines in order. Remembers the values of ``<...>``."""
        *parts, end = re.split(r"<([^<>]+)>", expected)
        names = parts[1::2]
        shapes = [re.escape(self._known[name]) if name in self._known else SHAPES[name.split()[-1]] for name in names]
        texts = [re.escape(text).replace("\\\n", r"\n(?:.*\n)*") for text in [*parts[::2], end]]
        pattern = "".join(f"{text}({shape})" for text, shape in zip(texts[:-1], shapes, strict=True)) + texts[-1]
        found = re.fullmatch(rf"(?:.*\n)*{pattern}(?:\n.*)*", seen)
        values = zip(names, found.groups(), strict=True) if found else ()
        lasting = {(name, value) for name, value in values if name not in FLEETING}
        self._known |= dict(lasting)
        return found is not None and len(lasting) == len(dict(lasting))

    def _filled(self, request: str) -> str:
        return re.sub(r"<([^<>]+)>", lambda placeholder: self._value(placeholder[1]), request)

    def _value(self, name: str) -> str:
        """The value from an earlier answer, or the token of a new login."""
        if name not in self._known:
            owner = re.fullmatch(r"(\w+)'s (?:\w+ )?token", name)
            assert owner, f"<{name}> has no value yet."
            credentials = {"username": owner[1], "password": PASSWORD}
            url = f"{self._server.address}/api/auth/login/"
            headers = {"Content-Type": "application/json"}
            status, content, _headers = send("POST", url, json.dumps(credentials).encode(), headers)
            assert status == 200, content
            self._known[name] = json.loads(content)["token"]
        return self._known[name]


def _head_and_body(text: str) -> tuple[list[str], str]:
    """The lines before the JSON value, and the JSON value."""
    head, start, rest = re.fullmatch(r"(.*?)(?:^([\[{])(.*))?", text, re.MULTILINE | re.DOTALL).groups("")
    return head.splitlines(), start + rest


def pass_time(span: timedelta) -> None:
    """Make every stored time older by this much."""
    for model in apps.get_app_config("django_simple_auth").get_models():
        times = [field.name for field in model._meta.fields if isinstance(field, TimestampField)]
        model.objects.update(
            **{name: ExpressionWrapper(F(name) - span // MICROSECOND, BigIntegerField()) for name in times}
        )
