"""Checks for mounted contracts that are unsafe by design."""

from __future__ import annotations

from collections.abc import Iterator

from django.core import checks
from django.core.checks import CheckMessage

from ..conf import RISKS, conf
from . import mounted
from .registry import check

IDS = {
    "token_in_query": "django_simple_auth.W001",
    "unsafe_get": "django_simple_auth.W002",
    "unauthenticated_logout": "django_simple_auth.W003",
}
"""The id of the warning for each of ``conf.RISKS``."""


@check(deploy=True)
def check_risks() -> Iterator[CheckMessage]:
    """W001, W002, W003: an endpoint is unsafe because its published contract requires it."""
    for risk, text in RISKS.items():
        if risk in conf.ACKNOWLEDGED_RISKS:
            continue
        for path, endpoint in mounted.endpoints():
            if risk in endpoint.risks:
                yield checks.Warning(
                    f"{endpoint.method} {path} {text}.",
                    hint="Mount this contract only if clients need it. If you accept the risk, add "
                    f"{risk!r} to SIMPLE_AUTH['ACKNOWLEDGED_RISKS'].",
                    id=IDS[risk],
                )
