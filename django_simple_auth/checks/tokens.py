"""Whether tokens open what they should, and end."""

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
"""Since when rows must be dead to show that nobody clears them away."""


@check()
def check_order() -> Iterator[CheckMessage]:
    """E006, W008: another class reads the same keyword first, and refuses what it does not know."""
    places = {tuple(_defaults()): _DEFAULT}
    for view in mounted.host_views():
        places.setdefault(tuple(view.authentication_classes), f"the view at {view.path}")
    for path, endpoint in mounted.endpoints():
        places.setdefault(tuple(endpoint.authentication_classes), f"the endpoint at {path}")
    for classes, place in places.items():
        for cls, keyword in _before_ours(classes):
            name = f"{cls.__module__}.{cls.__qualname__}"
            hint = f"Put {_OURS} first: it leaves every token that is none of ours to the next class."
            if issubclass(cls, DRFTokenAuthentication):
                yield checks.Error(
                    f"In {place}, {name} stands before ours, and answers 401 to our tokens: both read "
                    f"'Authorization: {keyword} <token>'.",
                    hint=hint,
                    id="django_simple_auth.E006",
                )
            else:
                yield checks.Warning(
                    f"In {place}, {name} stands before ours and reads 'Authorization: {keyword} <token>', too: it may "
                    "refuse our tokens.",
                    hint=hint,
                    id="django_simple_auth.W008",
                )


@check()
def check_host_views() -> Iterator[CheckMessage]:
    """W007: tokens are handed out, and open none of the host's own views."""
    if not any(_reads_ours(endpoint.authentication_classes) for _path, endpoint in mounted.endpoints()):
        return
    closed = [view for view in mounted.host_views() if view.is_closed]
    if not closed or _reads_ours(_defaults()) or any(_reads_ours(view.authentication_classes) for view in closed):
        return
    yield checks.Warning(
        f"Tokens are handed out, and none of your own views takes them. {closed[0].path} is one.",
        hint=f"Add '{_OURS}' to {_DEFAULT}, or to the authentication_classes of the views that tokens are to open.",
        id="django_simple_auth.W007",
    )


@check(deploy=True)
def check_ends() -> Iterator[CheckMessage]:
    """W009: no login ever ends by itself, so nothing can be cleared away."""
    ends = (conf.TOKEN_EXPIRED_AFTER_SECONDS, conf.TOKEN_IDLE_TIMEOUT_SECONDS, conf.MAX_TOKENS_PER_USER)
    if any(end is not None for end in ends):
        return
    yield checks.Warning(
        "Nothing ends a login but its user: tokens pile up, clear_expired_tokens may delete none, and one that was "
        "stolen is good for ever.",
        hint="Set TOKEN_EXPIRED_AFTER_SECONDS, or SIMPLE_AUTH['TOKEN_IDLE_TIMEOUT_SECONDS'] for unused tokens.",
        id="django_simple_auth.W009",
    )


@check_database(deploy=True)
def check_purge(using: str) -> Iterator[CheckMessage]:
    """W016: tokens that died long ago are still there."""
    if not store.has_expired(clock.now() - LONG, using):
        return
    yield checks.Warning(
        f"Tokens that died more than {LONG.days} days ago are still in the database {using!r}.",
        hint="Run manage.py clear_expired_tokens daily, by cron or whatever runs things for you.",
        id="django_simple_auth.W016",
    )


def _defaults() -> Sequence[Any]:
    classes: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    return classes or ()


def _reads_ours(classes: Sequence[Any]) -> bool:
    return any(issubclass(cls, TokenAuthentication) for cls in classes)


def _before_ours(classes: Sequence[Any]) -> Iterator[tuple[type, str]]:
    """Classes of others that read a keyword of ours before we do, each with the keyword."""
    for place, ours in enumerate(classes):
        # One that reads a cookie or the query is in nobody's way.
        if issubclass(ours, TokenAuthentication) and ours.secret_of is TokenAuthentication.secret_of:
            for cls in classes[:place]:
                keyword = _keyword(cls)
                if keyword.lower() in ours.keywords and not issubclass(cls, TokenAuthentication):
                    yield cls, keyword
            return


def _keyword(cls: Any) -> str:
    """What the class reads in ``Authorization``, as far as it says so with a 401."""
    try:
        header = cls().authenticate_header(Request(HttpRequest()))
    except Exception:  # noqa: BLE001  (it may want to know more of the request; then it says nothing)
        return ""
    return str(header or "").partition(" ")[0]
