"""Remove tokens from log records of other packages.

An access log holds the request line, and with it the token that one published contract takes in the query string.
Prefix and length make a token easy to find.
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
    """Whether the text contains a token, or the beginning of one: other code may break or encode its lines."""
    return _PART.search(text) is not None


class RedactTokens(logging.Filter):
    """Replaces all of a token but its prefix. Attached to ACCESS_LOGS; a project may attach it to more loggers."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _redacted(record.msg)
        if isinstance(record.args, dict):
            # In place: gunicorn's dict has a default for missing keys.
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
