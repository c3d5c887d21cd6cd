"""What a story is made of, as docs/accounts.md explains it, and who plays it."""

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
from tests.support.messages import letters_in, text_of
from tests.support.project import Host

PATIENCE = 60
"""Seconds until a letter is missed, which takes milliseconds: no machine is so slow."""

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
"""What ``<...>`` may stand for, by its last word."""
FLEETING = {"time", "date", "seconds"}
"""No two of them need be the same."""


@dataclass(frozen=True)
class Story:
    title: str
    domain: str
    """Of the addresses in it: a letter of another story may still be on its way."""
    settings: dict[str, Any]
    """What it wants to be in SIMPLE_AUTH."""
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
    """Sends what a scene says, and holds what comes back to it."""

    def __init__(self, host: Host, server: Server, domain: str) -> None:
        self._host = host
        self._server = server
        self._domain = domain
        self._known: dict[str, str] = {}
        self._read: set[str] = set()

    def play(self, scene: str) -> None:
        asked, _blank, told = scene.replace("@example.com", f"@{self._domain}").partition("\n\n")
        if asked.startswith("manage.py "):
            self._command(shlex.split(asked)[1:], told)
        elif asked.startswith("mail to "):
            self._letter(asked.removeprefix("mail to "), told)
        elif asked.endswith(" later"):
            number, unit, _later = asked.split()
            pass_time(timedelta(**{unit: int(number)}))
        else:
            self._request(asked, told)

    def _command(self, words: list[str], told: str) -> None:
        done = self._host.manage(*words)
        assert self._is_in(done.stdout + done.stderr, told), done

    def _letter(self, address: str, told: str) -> None:
        # Whoever asks for two letters of a kind tells of the first one before he asks for the second.
        deadline = time.monotonic() + PATIENCE
        found = None
        while found is None:
            assert time.monotonic() < deadline, f"No letter to {address} has in it:\n{told}"
            time.sleep(0.02)
            letters = [letter for letter in letters_in(self._host.folder) if letter["To"] == address]
            unread = [letter for letter in letters if letter["Message-ID"] not in self._read]
            found = next((letter for letter in unread if self._is_in(text_of(letter), told)), None)
        self._read.add(found["Message-ID"])

    def _request(self, asked: str, told: str) -> None:
        (line, *lines), body = _head_and_body(self._filled(asked))
        method, path = line.split()
        sent = {"Content-Type": "application/json", **dict(header.split(": ", 1) for header in lines)}
        url = self._server.address + (path if path.startswith("/") else f"/api/auth/{path}")
        status, content, headers = send(method, url, body.encode() or None, sent)
        seen = f"{status}\n{headers}{content.decode()}"
        hold_to_the_rules(status, headers, content, sent.get("Authorization", "").rpartition(" ")[2])
        (expected, *lines), body = _head_and_body(told)
        assert str(status) == expected, seen
        for header in lines:
            name, value = header.split(": ", 1)
            assert self._is_in("\n".join(headers.get_all(name, [])), value), seen
        received = json.dumps(json.loads(content), ensure_ascii=False) if content else ""
        assert self._is_in(received, body.replace("\n ", " ")), f"{seen}\ninstead of\n{told}"

    def _is_in(self, seen: str, told: str) -> bool:
        """Whether the text has all lines that were told, in their order. What ``<...>`` is, is known from then on."""
        *parts, end = re.split(r"<([^<>]+)>", told)
        names = parts[1::2]
        shapes = [re.escape(self._known[name]) if name in self._known else SHAPES[name.split()[-1]] for name in names]
        texts = [re.escape(text).replace("\\\n", r"\n(?:.*\n)*") for text in [*parts[::2], end]]
        pattern = "".join(f"{text}({shape})" for text, shape in zip(texts[:-1], shapes, strict=True)) + texts[-1]
        found = re.fullmatch(rf"(?:.*\n)*{pattern}(?:\n.*)*", seen)
        values = zip(names, found.groups(), strict=True) if found else ()
        lasting = {(name, value) for name, value in values if name not in FLEETING}
        self._known |= dict(lasting)
        return found is not None and len(lasting) == len(dict(lasting))

    def _filled(self, asked: str) -> str:
        return re.sub(r"<([^<>]+)>", lambda placeholder: self._value(placeholder[1]), asked)

    def _value(self, name: str) -> str:
        """What was told before, or the token that a login of somebody's gets now."""
        if name not in self._known:
            owner = re.fullmatch(r"(\w+)'s (?:\w+ )?token", name)
            assert owner, f"Nothing has been told of <{name}>."
            credentials = {"username": owner[1], "password": PASSWORD}
            url = f"{self._server.address}/api/auth/login/"
            headers = {"Content-Type": "application/json"}
            status, content, _headers = send("POST", url, json.dumps(credentials).encode(), headers)
            assert status == 200, content
            self._known[name] = json.loads(content)["token"]
        return self._known[name]


def _head_and_body(text: str) -> tuple[list[str], str]:
    """Lines up to the first one that begins a JSON value, and the rest."""
    head, start, rest = re.fullmatch(r"(.*?)(?:^([\[{])(.*))?", text, re.MULTILINE | re.DOTALL).groups("")
    return head.splitlines(), start + rest


def pass_time(span: timedelta) -> None:
    """Let all that is kept be so much older."""
    for model in apps.get_app_config("django_simple_auth").get_models():
        instants = [field.name for field in model._meta.fields if isinstance(field, TimestampField)]
        model.objects.update(
            **{name: ExpressionWrapper(F(name) - span // MICROSECOND, BigIntegerField()) for name in instants}
        )
