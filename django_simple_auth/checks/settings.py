"""Checks of the settings themselves."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured

from ..conf import KEYS, conf
from .registry import check

_TOP_LEVEL = "TOKEN_EXPIRED_AFTER_SECONDS"


@check()
def check_values() -> Iterator[CheckMessage]:
    """E001: a setting has an invalid value."""
    for name in [_TOP_LEVEL, "SIMPLE_AUTH", *sorted(KEYS)]:
        try:
            getattr(conf, name)
        except ImproperlyConfigured as error:
            yield checks.Error(
                str(error),
                hint="Correct the value, or remove the setting to use its default.",
                id="django_simple_auth.E001",
            )
            if name == "SIMPLE_AUTH":
                return


@check()
def check_keys() -> Iterator[CheckMessage]:
    """E002: SIMPLE_AUTH has an unknown key."""
    for key in sorted(map(str, conf.SIMPLE_AUTH.keys() - KEYS)):
        if key == _TOP_LEVEL:
            hint = f"{key} is a top-level setting: move it out of SIMPLE_AUTH."
        else:
            hint = f"Correct or remove it. The settings are: {', '.join(sorted(KEYS))}."
        yield checks.Error(
            f"SIMPLE_AUTH has no setting {key!r}.",
            hint=hint,
            id="django_simple_auth.E002",
        )
