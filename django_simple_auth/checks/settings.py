"""Whether the settings can be meant at all."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from ..conf import KEYS, conf
from .registry import check


@check()
def check_values() -> Iterator[CheckMessage]:
    """E001: a value that cannot be meant."""
    for name in ["TOKEN_EXPIRED_AFTER_SECONDS", "SIMPLE_AUTH", *sorted(KEYS)]:
        try:
            getattr(conf, name)
        except ImproperlyConfigured as error:
            yield checks.Error(
                str(error),
                hint="The settings table in README.md has every key with its default.",
                id="django_simple_auth.E001",
            )
            if name == "SIMPLE_AUTH":
                return


@check()
def check_keys() -> Iterator[CheckMessage]:
    """E002: a key that does not exist."""
    for key in sorted(map(str, conf.SIMPLE_AUTH.keys() - KEYS)):
        yield checks.Error(
            f"SIMPLE_AUTH has no setting {key!r}.",
            hint=f"Remove it, or write one of: {', '.join(sorted(KEYS))}.",
            id="django_simple_auth.E002",
        )
