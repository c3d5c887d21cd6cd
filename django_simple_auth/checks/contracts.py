"""Whether a contract that is mounted is unsafe by design."""

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
"""Of each of ``conf.RISKS``."""


@check(deploy=True)
def check_risks() -> Iterator[CheckMessage]:
    """W001, W002, W003: an endpoint that is unsafe because its published contract asks for it."""
    for risk, text in RISKS.items():
        if risk in conf.ACKNOWLEDGED_RISKS:
            continue
        for path, endpoint in mounted.endpoints():
            if risk in endpoint.risks:
                yield checks.Warning(
                    f"{endpoint.method} {path} {text}.",
                    hint="Mount the contract only for clients that need it. If you have such, add "
                    f"{risk!r} to SIMPLE_AUTH['ACKNOWLEDGED_RISKS'].",
                    id=IDS[risk],
                )
