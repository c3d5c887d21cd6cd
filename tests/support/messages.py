"""What a test reads in letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_END = b"\n" + b"-" * 79 + b"\n"


def secret_in(letter: Any) -> str:
    """The secret in the letter's one link."""
    (secret,) = re.findall(r"\bds[a-z]_[0-9A-Za-z]+", letter.body)
    return str(secret)


def letters_in(folder: Path) -> Iterator[EmailMessage]:
    """What Django's file-based backend has written there to its end."""
    for file in folder.glob("*.log"):
        *whole, _unfinished = file.read_bytes().split(_END)
        for letter in whole:
            yield message_from_bytes(letter, policy=policy.default)


def text_of(letter: EmailMessage) -> str:
    """Subject and plain text."""
    body = letter.get_body(["plain"])
    assert body is not None
    return f"Subject: {letter['Subject']}\n\n{body.get_content()}"
