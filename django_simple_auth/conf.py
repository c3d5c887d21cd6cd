"""The project's settings: one typed property each, read on every access."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

Rate: TypeAlias = tuple[int, int]
"""``(attempts, seconds)``."""

LONGEST = 100 * 366 * 24 * 3600
DEFAULT_LIFETIME = 1_209_600
DEFAULT_RATES = {
    "register": "30/min",
    "login": "60/min",
    "login_account": "10/min",
    "login_identifier": "100/hour",
    "key": "10/min",
    "logout_by_id": "30/min",
    "rotate": "30/min",
    "current_password": "10/min",
    "password_change": "10/min",
    "reset": "10/min",
    "reset_confirm": "10/min",
    "email_verify": "30/min",
    "email_resend": "10/min",
    "email_change": "10/min",
    "mail": "10/hour",
}
DEFAULT_NOTIFICATIONS = ("password", "email", "key", "login")
DEFAULT_COOKIE_NAME = "__Host-simple_auth"
DEFAULT_FRONTEND_URLS = {
    "reset": "/reset-password#token={token}",
    "verify": "/verify-email#token={token}",
    "change": "/verify-email#token={token}",
    "revert": "/verify-email#token={token}",
    "invite": "/register#token={token}",
}
"""The token is in the fragment, which browsers do not send to servers: it is in no log and no Referer header."""
RISKS = {
    "token_in_query": "takes the token from the query string, which is kept in logs and browser histories",
    "unsafe_get": "changes state on GET, which crawlers and link previews request",
    "unauthenticated_logout": "logs out the user in the path without authentication",
}
"""Unsafe behaviour that some published contracts require, each with the words in which the checks warn about it."""
VERIFICATION = ("off", "optional", "required")
THROTTLE_STORES = ("cache", "database")
REGISTRATION = ("open", "closed", "invite", "verify_first")
_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Settings:
    """Every property raises ImproperlyConfigured if the value is invalid, with a message that names the fix."""

    @property
    def TOKEN_EXPIRED_AFTER_SECONDS(self) -> int | None:
        """Seconds until a login's token expires; None: never."""
        value = getattr(settings, "TOKEN_EXPIRED_AFTER_SECONDS", DEFAULT_LIFETIME)
        return _seconds_or_none("TOKEN_EXPIRED_AFTER_SECONDS", value)

    @property
    def SIMPLE_AUTH(self) -> Mapping[str, Any]:
        """The dict with all settings below."""
        value = getattr(settings, "SIMPLE_AUTH", {})
        if not isinstance(value, Mapping):
            raise ImproperlyConfigured(f"SIMPLE_AUTH must be a dict, not {value!r}.")
        return value

    @property
    def TOKEN_IDLE_TIMEOUT_SECONDS(self) -> int | None:
        """Seconds after which an unused token expires, to the minute; None disables the idle timeout."""
        value = _seconds_or_none(
            "SIMPLE_AUTH['TOKEN_IDLE_TIMEOUT_SECONDS']", self.SIMPLE_AUTH.get("TOKEN_IDLE_TIMEOUT_SECONDS")
        )
        if value is not None and value < 120:
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['TOKEN_IDLE_TIMEOUT_SECONDS'] must be at least 120, not {value}: the last use "
                "is recorded once a minute, so a shorter timeout would log out active users."
            )
        return value

    @property
    def MAX_TOKENS_PER_USER(self) -> int | None:
        """Sessions a user may have at a time; a new login ends the oldest one. None: no limit."""
        value = self.SIMPLE_AUTH.get("MAX_TOKENS_PER_USER")
        if value is not None and (type(value) is not int or value < 1):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['MAX_TOKENS_PER_USER'] must be a positive whole number or None, not {value!r}."
            )
        return value

    @property
    def LOGIN_METHODS(self) -> tuple[str, ...]:
        """What users log in with: ``("username",)``, ``("email",)`` or both, regardless of case and Unicode form.

        Empty: the user model's USERNAME_FIELD; a username must then be spelled exactly.
        """
        value = self.SIMPLE_AUTH.get("LOGIN_METHODS", ())
        if not isinstance(value, (list, tuple)) or not _all_among(("username", "email"), value):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['LOGIN_METHODS'] must be a list of 'username' and 'email', not {value!r}."
            )
        return tuple(value)

    @property
    def KEEP_KEYS_ON_CHANGE(self) -> bool:
        """Whether API keys stay valid when their user changes the password or the e-mail address."""
        value = self.SIMPLE_AUTH.get("KEEP_KEYS_ON_CHANGE", False)
        if not isinstance(value, bool):
            raise ImproperlyConfigured(f"SIMPLE_AUTH['KEEP_KEYS_ON_CHANGE'] must be True or False, not {value!r}.")
        return value

    @property
    def COOKIE_NAME(self) -> str:
        """The name of the cookie with a browser's token, for contracts that use one. ``__Host-`` binds it to one host.

        It must contain "auth" or "token": by such words Django's error reports know which cookies to hide.
        """
        value = self.SIMPLE_AUTH.get("COOKIE_NAME", DEFAULT_COOKIE_NAME)
        if not isinstance(value, str) or not re.fullmatch(r"[\w-]*(auth|token)[\w-]*", value, re.ASCII | re.IGNORECASE):
            raise ImproperlyConfigured(
                "SIMPLE_AUTH['COOKIE_NAME'] must be letters, digits, '-' and '_', and have 'auth' or 'token' in it, so "
                f"that Django's error reports hide the cookie; not {value!r}."
            )
        return value

    @property
    def REGISTRATION(self) -> str:
        """Who may register: ``open``, ``closed``, ``invite``, or ``verify_first``, which does not disclose accounts."""
        return _one_of("REGISTRATION", self.SIMPLE_AUTH.get("REGISTRATION", "open"), REGISTRATION)

    @property
    def EMAIL_VERIFICATION(self) -> str:
        """Whether users verify their e-mail address: ``off``, ``optional``, or ``required`` before the first login.

        With REGISTRATION ``verify_first`` it is always ``required``.
        """
        value = _one_of("EMAIL_VERIFICATION", self.SIMPLE_AUTH.get("EMAIL_VERIFICATION", "off"), VERIFICATION)
        # The raw value: an invalid REGISTRATION is reported by its own property.
        return "required" if self.SIMPLE_AUTH.get("REGISTRATION") == "verify_first" else value

    @property
    def PUBLIC_URL(self) -> str | None:
        """The address of your pages, on which links in e-mails are built, without a trailing slash."""
        value = self.SIMPLE_AUTH.get("PUBLIC_URL")
        if value is None:
            return None
        if _split(value) is None:
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['PUBLIC_URL'] must look like 'https://www.example.com', not {value!r}."
            )
        return str(value).rstrip("/")

    @property
    def SITE_NAME(self) -> str:
        """What e-mails call the site. None: the host name in PUBLIC_URL, or "" without a PUBLIC_URL."""
        value = self.SIMPLE_AUTH.get("SITE_NAME")
        if value is None:
            # The raw value: an invalid PUBLIC_URL is reported by its own property.
            parts = _split(self.SIMPLE_AUTH.get("PUBLIC_URL"))
            return "" if parts is None else parts.hostname or ""
        if not isinstance(value, str):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['SITE_NAME'] must be the name of your site, such as 'Example', or None, not {value!r}."
            )
        return value

    @property
    def FRONTEND_URLS(self) -> dict[str, str]:
        """The path of each link in an e-mail, appended to PUBLIC_URL, with ``{token}`` where the token goes."""
        value = self.SIMPLE_AUTH.get("FRONTEND_URLS", {})
        if not isinstance(value, Mapping) or not DEFAULT_FRONTEND_URLS.keys() >= value.keys():
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['FRONTEND_URLS'] must be a dict with some of the keys "
                f"{', '.join(map(repr, DEFAULT_FRONTEND_URLS))}, not {value!r}."
            )
        for name, pattern in value.items():
            if not isinstance(pattern, str) or not pattern.startswith("/") or pattern.count("{token}") != 1:
                raise ImproperlyConfigured(
                    f"SIMPLE_AUTH['FRONTEND_URLS'][{name!r}] must look like {DEFAULT_FRONTEND_URLS[name]!r}, not "
                    f"{pattern!r}."
                )
        return {**DEFAULT_FRONTEND_URLS, **value}

    @property
    def NOTIFICATIONS(self) -> tuple[str, ...]:
        """The events about which users get an e-mail."""
        value = self.SIMPLE_AUTH.get("NOTIFICATIONS", DEFAULT_NOTIFICATIONS)
        if not isinstance(value, (list, tuple)) or not _all_among(DEFAULT_NOTIFICATIONS, value):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['NOTIFICATIONS'] must be a list of {', '.join(map(repr, DEFAULT_NOTIFICATIONS))}, not "
                f"{value!r}."
            )
        return tuple(value)

    @property
    def ACKNOWLEDGED_RISKS(self) -> frozenset[str]:
        """The names of risks that ``check --deploy`` does not report."""
        value = self.SIMPLE_AUTH.get("ACKNOWLEDGED_RISKS", ())
        if not isinstance(value, (list, tuple, set, frozenset)) or not _all_among(tuple(RISKS), value):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['ACKNOWLEDGED_RISKS'] must be a list of {', '.join(map(repr, RISKS))}, not {value!r}."
            )
        return frozenset(value)

    @property
    def DELETE_ACCOUNT(self) -> Callable[[Any], object] | None:
        """A function that is called with the user instead of ``user.delete()``; None: there is none."""
        value = self.SIMPLE_AUTH.get("DELETE_ACCOUNT")
        return None if value is None else _function("SIMPLE_AUTH['DELETE_ACCOUNT']", value, "a user")

    @property
    def LOGIN_STEPS(self) -> tuple[Callable[[Any], None], ...]:
        """What every login passes after its first factor, in this order: called with the ``LoginAttempt``."""
        value = self.SIMPLE_AUTH.get("LOGIN_STEPS", ())
        if not isinstance(value, (list, tuple)):
            raise ImproperlyConfigured(f"SIMPLE_AUTH['LOGIN_STEPS'] must be a list of dotted paths, not {value!r}.")
        return tuple(
            _function(f"SIMPLE_AUTH['LOGIN_STEPS'][{number}]", path, "a LoginAttempt")
            for number, path in enumerate(value)
        )

    @property
    def THROTTLE_RATES(self) -> dict[str, Rate]:
        """Attempts per period for each scope, as DRF writes it (``"10/min"``), merged over the defaults.

        A scope set to None has no limit; ``{}`` as a whole switches all limits off.
        """
        value = self.SIMPLE_AUTH.get("THROTTLE_RATES", DEFAULT_RATES)
        if not isinstance(value, Mapping):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['THROTTLE_RATES'] must be a dict of scope to rate like {DEFAULT_RATES!r}, not {value!r}."
            )
        rates = {**DEFAULT_RATES, **value} if value else {}
        return {scope: _rate(scope, rate) for scope, rate in rates.items() if rate is not None}

    @property
    def THROTTLE_STORE(self) -> str:
        """Where attempts are counted: ``cache``, if the default cache counts atomically, or ``database``."""
        return _one_of("THROTTLE_STORE", self.SIMPLE_AUTH.get("THROTTLE_STORE", "cache"), THROTTLE_STORES)


def _split(url: object) -> SplitResult | None:
    """The parts of an absolute URL without query and fragment; None if it is anything else."""
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:
        return None
    if parts is None or parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        return None
    return parts


def _seconds_or_none(name: str, value: object) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 < value <= LONGEST:
        raise ImproperlyConfigured(
            f"{name} must be a positive whole number of seconds, at most {LONGEST} (100 years), or None, not {value!r}."
        )
    return value


def _function(name: str, path: object, argument: str) -> Callable[[Any], Any]:
    try:
        found = import_string(path) if isinstance(path, str) else None
    except ImportError as error:
        raise ImproperlyConfigured(f"{name} cannot be imported: {error}") from error
    if not callable(found):
        raise ImproperlyConfigured(f"{name} must be the dotted path of a function that takes {argument}, not {path!r}.")
    return found  # type: ignore[no-any-return]


def _one_of(name: str, value: object, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ImproperlyConfigured(
            f"SIMPLE_AUTH[{name!r}] must be one of {', '.join(map(repr, words))}, not {value!r}."
        )
    return str(value)


def _all_among(words: tuple[str, ...], value: Iterable[object]) -> bool:
    # Compared, not hashed: the value may contain a list.
    return all(word in words for word in value)


def _rate(scope: str, rate: object) -> Rate:
    match = re.fullmatch(r"([1-9]\d*)/([smhd])[a-z]*", rate) if isinstance(rate, str) else None
    if match is None:
        raise ImproperlyConfigured(
            f"SIMPLE_AUTH['THROTTLE_RATES'][{scope!r}] must look like '10/min' (s, m, h or d), not {rate!r}."
        )
    return int(match[1]), _PERIODS[match[2]]


conf = Settings()
KEYS = frozenset(name for name, member in vars(Settings).items() if isinstance(member, property)) - {
    "TOKEN_EXPIRED_AFTER_SECONDS",
    "SIMPLE_AUTH",
}
"""The valid keys of SIMPLE_AUTH."""
