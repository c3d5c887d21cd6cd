"""What ``manage.py check`` says about a host's settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import checks
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.urls import URLResolver, get_resolver

from . import mail, users
from .conf import DEFAULT_RATES, KEYS, RISKS, Rate, conf
from .counters import can_count
from .wire import Endpoint
from .wire.resource import Resource


@register("simple_auth")
def check_settings(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001: a value that cannot be meant. E002: a key that does not exist."""
    found: list[CheckMessage] = []
    for name in ["TOKEN_EXPIRED_AFTER_SECONDS", "SIMPLE_AUTH", *sorted(KEYS)]:
        try:
            getattr(conf, name)
        except ImproperlyConfigured as error:
            found.append(Error(str(error), id="django_simple_auth.E001"))
            if name == "SIMPLE_AUTH":
                return found
    for key in sorted(map(str, conf.SIMPLE_AUTH.keys() - KEYS)):
        found.append(
            Error(
                f"SIMPLE_AUTH has no setting {key!r}.",
                hint=f"Remove it, or write one of: {', '.join(sorted(KEYS))}.",
                id="django_simple_auth.E002",
            )
        )
    return found


@register("simple_auth")
def check_throttle_scopes(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004: a rate for a scope that nothing counts under, most likely a typing error."""
    counted = {endpoint.throttle for _path, endpoint in _everywhere() if endpoint.throttle}
    scopes = counted | DEFAULT_RATES.keys()
    return [
        Error(
            f"SIMPLE_AUTH['THROTTLE_RATES'] has a rate for {scope!r}, which no endpoint counts under.",
            hint=f"The scopes are: {', '.join(sorted(scopes))}.",
            id="django_simple_auth.E004",
        )
        for scope in sorted(_rates().keys() - scopes)
    ]


@register("simple_auth", deploy=True)
def check_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W004: the default cache is not shared by all processes, or cannot count in one step."""
    cache = caches[DEFAULT_CACHE_ALIAS]
    name = type(cache).__name__
    if not _rates() or _store() == "database":
        return []
    if not can_count(cache):
        text = f"Limits are counted in the database: the default cache, {name}, cannot count in one step."
    elif isinstance(cache, LocMemCache):
        text = f"Limits are counted in the default cache, {name}, which each process has for itself."
    else:
        return []
    return [
        checks.Warning(
            text,
            hint="Let CACHES['default'] be Redis or Memcached, or count in the database by "
            "SIMPLE_AUTH['THROTTLE_STORE'] = 'database', at some queries a login. Switch limits off by "
            "SIMPLE_AUTH['THROTTLE_RATES'] = {} if something else limits attempts.",
            id="django_simple_auth.W004",
        )
    ]


@register("simple_auth")
def check_verification(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E005: accounts depend on links that lead nowhere."""
    try:
        depends = {
            "REGISTRATION": conf.REGISTRATION in {"invite", "verify_first"},
            "EMAIL_VERIFICATION": conf.EMAIL_VERIFICATION != "off",
        }
        name = next((name for name, on_links in depends.items() if on_links), None)
        if name is None or conf.PUBLIC_URL is not None:
            return []
    except ImproperlyConfigured:
        # E001 says so already.
        return []
    return [
        Error(
            f"SIMPLE_AUTH[{name!r}] is {getattr(conf, name)!r}, and there is no "
            "SIMPLE_AUTH['PUBLIC_URL'] to build the links on.",
            hint="Set it to where people reach your pages, such as 'https://www.example.com'.",
            id="django_simple_auth.E005",
        )
    ]


@register("simple_auth", deploy=True)
def check_links(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W005: endpoints that send letters whose links lead nowhere."""
    try:
        if conf.PUBLIC_URL is not None:
            return []
    except ImproperlyConfigured:
        # E001 says so already.
        return []
    paths = [path for path, endpoint in _everywhere() if endpoint.view.sends_mail]
    if not paths:
        return []
    return [
        checks.Warning(
            f"{', '.join(paths)} send no mail: there is no SIMPLE_AUTH['PUBLIC_URL'] to build its links on.",
            hint="Set it to where people reach your pages, such as 'https://www.example.com', or mount a contract "
            "without these endpoints.",
            id="django_simple_auth.W005",
        )
    ]


@register("simple_auth", deploy=True)
def check_tasks(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W006: tasks that run inside the request, whose time then tells whether a letter left."""
    tasks = settings.TASKS if mail.has_tasks() else {}
    if not str(tasks.get("default", {}).get("BACKEND", "")).endswith("ImmediateBackend"):
        return []
    return [
        checks.Warning(
            "Mail is sent inside the request: the time of the answer tells whether an account exists.",
            hint="Let TASKS['default'] be a backend with a worker, or remove TASKS: mail is sent by threads then.",
            id="django_simple_auth.W006",
        )
    ]


def _rates() -> dict[str, Rate]:
    """None that cannot be meant: E001 says so already."""
    try:
        return conf.THROTTLE_RATES
    except ImproperlyConfigured:
        return {}


def _store() -> str | None:
    """None if it cannot be meant: E001 says so already."""
    try:
        return conf.THROTTLE_STORE
    except ImproperlyConfigured:
        return None


@register("simple_auth", deploy=True)
def check_risks(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """W001 to W003: an endpoint that is unsafe because its published contract asks for it."""
    try:
        acknowledged = conf.ACKNOWLEDGED_RISKS
    except ImproperlyConfigured:
        # E001 says so already.
        return []
    found: list[CheckMessage] = []
    for number, (risk, text) in enumerate(RISKS.items(), start=1):
        if risk in acknowledged:
            continue
        found += [
            checks.Warning(
                f"{endpoint.method} {path} {text}.",
                hint="Mount the contract only for clients that need it. If you have such, add "
                f"{risk!r} to SIMPLE_AUTH['ACKNOWLEDGED_RISKS'].",
                id=f"django_simple_auth.W{number:03}",
            )
            for path, endpoint in _everywhere()
            if risk in endpoint.risks
        ]
    return found


def _everywhere() -> Iterator[tuple[str, Endpoint]]:
    # A host that uses the services alone may have no URLs at all.
    return _mounted(get_resolver(), "/") if getattr(settings, "ROOT_URLCONF", None) else iter(())


def _mounted(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Endpoint]]:
    """Every endpoint in the host's URLconf, with its path."""
    entry: Any
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _mounted(entry, path)
        # Each path is there twice, for its optional slash; the one that the contract writes is in the schema.
        elif issubclass(getattr(entry.callback, "cls", object), Resource) and "schema" not in entry.callback.initkwargs:
            yield from ((path, endpoint) for endpoint in entry.callback.cls.endpoints.values())


@register("simple_auth")
def check_user_model(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003: a user model whose manager cannot make users."""
    if hasattr(users.manager(), "create_user"):
        return []
    return [
        Error(
            f"The manager of {get_user_model()._meta.label} has no create_user().",
            hint="Derive it from django.contrib.auth.models.BaseUserManager and define create_user(), as Django's "
            "documentation on custom user models shows.",
            id="django_simple_auth.E003",
        )
    ]
