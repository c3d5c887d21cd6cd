"""What a test reads in a letter."""

from __future__ import annotations

import re
from typing import Any


def secret_in(letter: Any) -> str:
    """The secret in the letter's one link."""
    (secret,) = re.findall(r"\bds[a-z]_[0-9A-Za-z]+", letter.body)
    return str(secret)
