"""Read the e-mails that were sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

_END = b"\n" + b"-" * 79 + b"\n"


def secret_in(message: Any) -> str:
    """The token in the e-mail's only link."""
    (secret,) = re.findall(r"\bds[a-z]_[0-9A-Za-z]+", message.body)
    return str(secret)


def emails_in(folder: Path) -> Iterator[EmailMessage]:
    """The e-mails that Django's file-based backend has finished writing there."""
    for file in folder.glob("*.log"):
        *whole, _unfinished = file.read_bytes().split(_END)
        for message in whole:
            yield message_from_bytes(message, policy=policy.default)


def text_of(message: EmailMessage) -> str:
    """Subject and plain text."""
    body = message.get_body(["plain"])
    assert body is not None
    return f"Subject: {message['Subject']}\n\n{body.get_content()}"
