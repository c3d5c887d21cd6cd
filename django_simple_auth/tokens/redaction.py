"""Tokens in log lines that others write.

An access log holds the request line, and with it a token that a published contract wants in the query string. The
prefix and the length make a token of ours easy to find.
"""

from __future__ import annotations

import logging
import re
from typing import Any

from . import format as token_format
from . import links

ACCESS_LOGS = ("django.server", "gunicorn.access", "uvicorn.access")
_PREFIXES = "|".join([*token_format.PREFIXES.values(), *links.PREFIXES.values()])
_TOKEN = re.compile(rf"\b({_PREFIXES})_[0-9A-Za-z]{{{token_format.LENGTH - 4}}}\b")
_PART = re.compile(rf"({_PREFIXES})_[0-9A-Za-z]")


def mentions_token(text: str) -> bool:
    """Whether there is a token in the text, or the beginning of one: others break and encode lines as they like."""
    return _PART.search(text) is not None


class RedactTokens(logging.Filter):
    """Leaves of every token its prefix. Attached to ACCESS_LOGS; a host may attach it to more."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _redacted(record.msg)
        if isinstance(record.args, dict):
            # In place: gunicorn's dict has a default for what is missing.
            record.args.update({name: _redacted(value) for name, value in record.args.items()})
        elif record.args:
            record.args = tuple(_redacted(value) for value in record.args)
        return True


def _redacted(value: Any) -> Any:
    return _TOKEN.sub(r"\1_[redacted]", value) if isinstance(value, str) else value


def attach() -> None:
    for name in ACCESS_LOGS:
        logger = logging.getLogger(name)
        if not any(isinstance(present, RedactTokens) for present in logger.filters):
            logger.addFilter(RedactTokens())
