"""Checks that tokens are accepted where they should be, and expire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage
from django.http import HttpRequest
from rest_framework.authentication import TokenAuthentication as DRFTokenAuthentication
from rest_framework.request import Request
from rest_framework.settings import api_settings

from ..authentication import TokenAuthentication
from ..conf import conf
from ..db import clock
from ..tokens import store
from . import mounted
from .registry import check, check_database

_DEFAULT = "REST_FRAMEWORK['DEFAULT_AUTHENTICATION_CLASSES']"
_OURS = "django_simple_auth.authentication.TokenAuthentication"
LONG = timedelta(days=7)
"""Tokens that expired longer ago show that ``clear_expired_tokens`` is not run."""


@check()
def check_order() -> Iterator[CheckMessage]:
    """E006, W008: another authentication class with the same keyword comes first and rejects our tokens."""
    places = {tuple(_defaults()): _DEFAULT}
    for view in mounted.project_views():
        places.setdefault(tuple(view.authentication_classes), f"the view at {view.path}")
    for path, endpoint in mounted.endpoints():
        places.setdefault(tuple(endpoint.authentication_classes), f"the endpoint at {path}")
    for classes, place in places.items():
        for cls, keyword in _before_ours(classes):
            name = f"{cls.__module__}.{cls.__qualname__}"
            hint = f"Put {_OURS} first: it passes tokens of other packages on to the next class."
            if issubclass(cls, DRFTokenAuthentication):
                yield checks.Error(
                    f"In {place}, {name} comes before ours and answers 401 to our tokens: both read "
                    f"'Authorization: {keyword} <token>'.",
                    hint=hint,
                    id="django_simple_auth.E006",
                )
            else:
                yield checks.Warning(
                    f"In {place}, {name} comes before ours and may reject our tokens: both read "
                    f"'Authorization: {keyword} <token>'.",
                    hint=hint,
                    id="django_simple_auth.W008",
                )


@check()
def check_project_views() -> Iterator[CheckMessage]:
    """W007: users get tokens, but none of the project's views accepts them."""
    if not any(_reads_ours(endpoint.authentication_classes) for _path, endpoint in mounted.endpoints()):
        return
    closed = [view for view in mounted.project_views() if view.is_closed]
    if not closed or _reads_ours(_defaults()) or any(_reads_ours(view.authentication_classes) for view in closed):
        return
    yield checks.Warning(
        f"Users get tokens, but none of your views accepts them, for example {closed[0].path}.",
        hint=f"Add '{_OURS}' to {_DEFAULT}, or to the authentication_classes of your views.",
        id="django_simple_auth.W007",
    )


@check(deploy=True)
def check_expiry() -> Iterator[CheckMessage]:
    """W009: tokens never expire."""
    limits = (conf.TOKEN_EXPIRED_AFTER_SECONDS, conf.TOKEN_IDLE_TIMEOUT_SECONDS, conf.MAX_TOKENS_PER_USER)
    if any(limit is not None for limit in limits):
        return
    yield checks.Warning(
        "Tokens never expire: a stolen token stays valid until its user logs out, and the table only grows.",
        hint="Set TOKEN_EXPIRED_AFTER_SECONDS, or SIMPLE_AUTH['TOKEN_IDLE_TIMEOUT_SECONDS'] to expire unused tokens.",
        id="django_simple_auth.W009",
    )


@check_database(deploy=True)
def check_purge(using: str) -> Iterator[CheckMessage]:
    """W016: tokens that expired long ago have not been deleted."""
    if not store.has_expired(clock.now() - LONG, using):
        return
    yield checks.Warning(
        f"The database {using!r} has tokens that expired more than {LONG.days} days ago.",
        hint="Run manage.py clear_expired_tokens daily, for example with cron.",
        id="django_simple_auth.W016",
    )


def _defaults() -> Sequence[Any]:
    classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    return classes or ()


def _reads_ours(classes: Sequence[Any]) -> bool:
    return any(issubclass(cls, TokenAuthentication) for cls in classes)


def _before_ours(classes: Sequence[Any]) -> Iterator[tuple[type, str]]:
    """Other authentication classes that come before ours and read the same keyword, each with the keyword."""
    for place, ours in enumerate(classes):
        # A class that reads a cookie or the query string does not use the header.
        if issubclass(ours, TokenAuthentication) and ours.secret_of is TokenAuthentication.secret_of:
            for cls in classes[:place]:
                keyword = _keyword(cls)
                if keyword.lower() in ours.keywords and not issubclass(cls, TokenAuthentication):
                    yield cls, keyword
            return


def _keyword(cls: Any) -> str:
    """The keyword that the class reads in ``Authorization``, taken from its ``WWW-Authenticate``; "" if unknown."""
    try:
        header = cls().authenticate_header(Request(HttpRequest()))
    except Exception:  # noqa: BLE001  (it may need a real request)
        return ""
    return str(header or "").partition(" ")[0]
