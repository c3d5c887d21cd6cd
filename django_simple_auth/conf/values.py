"""Read one value of a setting. Each function raises ImproperlyConfigured with the fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

Rate: TypeAlias = tuple[int, int]
"""``(attempts, seconds)``."""

LONGEST = 100 * 366 * 24 * 3600
_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def split_url(url: object) -> SplitResult | None:
    """The parts of an absolute URL without query and fragment; None if it is anything else."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        return None
    return parts


def seconds_or_none(name: str, value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 < value <= LONGEST:
        raise ImproperlyConfigured(
            f"{name} must be a positive whole number of seconds, at most {LONGEST} (100 years), or None, not {value!r}."
        )
    return value


def function(name: str, path: object, argument: str) -> Callable[[Any], Any]:
    try:
        found = import_string(path) if isinstance(path, str) else None
    except ImportError as error:
        raise ImproperlyConfigured(f"{name} cannot be imported: {error}") from error
    if not callable(found):
        raise ImproperlyConfigured(f"{name} must be the dotted path of a function that takes {argument}, not {path!r}.")
    return found  # type: ignore[no-any-return]


def one_of(name: str, value: object, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ImproperlyConfigured(
            f"SIMPLE_AUTH[{name!r}] must be one of {', '.join(map(repr, words))}, not {value!r}."
        )
    return str(value)


def all_among(words: tuple[str, ...], value: Iterable[object]) -> bool:
    # Compared, not hashed: the value may contain a list.
    return all(word in words for word in value)


def rate(scope: str, value: object) -> Rate:
    match = re.fullmatch(r"([1-9]\d*)/([smhd])[a-z]*", value) if isinstance(value, str) else None
    if match is None:
        raise ImproperlyConfigured(
            f"SIMPLE_AUTH['THROTTLE_RATES'][{scope!r}] must look like '10/min' (s, m, h or d), not {value!r}."
        )
    return int(match[1]), _PERIODS[match[2]]
