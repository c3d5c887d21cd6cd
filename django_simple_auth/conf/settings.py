"""The project's settings: one typed property each, read on every access."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import values
from .defaults import (
    DEFAULT_COOKIE_NAME,
    DEFAULT_FRONTEND_URLS,
    DEFAULT_LIFETIME,
    DEFAULT_NOTIFICATIONS,
    DEFAULT_RATES,
    REGISTRATION,
    RISKS,
    THROTTLE_STORES,
    VERIFICATION,
)
from .values import Rate


class Settings:
    """Every property raises ImproperlyConfigured if the value is invalid, with a message that names the fix."""

    @property
    def TOKEN_EXPIRED_AFTER_SECONDS(self) -> int | None:
        """Seconds until a login's token expires; None: never."""
        value = getattr(settings, "TOKEN_EXPIRED_AFTER_SECONDS", DEFAULT_LIFETIME)
        return values.seconds_or_none("TOKEN_EXPIRED_AFTER_SECONDS", value)

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
        value = values.seconds_or_none(
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
        if not isinstance(value, (list, tuple)) or not values.all_among(("username", "email"), value):
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
        return values.one_of("REGISTRATION", self.SIMPLE_AUTH.get("REGISTRATION", "open"), REGISTRATION)

    @property
    def EMAIL_VERIFICATION(self) -> str:
        """Whether users verify their e-mail address: ``off``, ``optional``, or ``required`` before the first login.

        With REGISTRATION ``verify_first`` it is always ``required``.
        """
        value = values.one_of("EMAIL_VERIFICATION", self.SIMPLE_AUTH.get("EMAIL_VERIFICATION", "off"), VERIFICATION)
        # The raw value: an invalid REGISTRATION is reported by its own property.
        return "required" if self.SIMPLE_AUTH.get("REGISTRATION") == "verify_first" else value

    @property
    def PUBLIC_URL(self) -> str | None:
        """The address of your pages, on which links in e-mails are built, without a trailing slash."""
        value = self.SIMPLE_AUTH.get("PUBLIC_URL")
        if value is None:
            return None
        if values.split_url(value) is None:
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
            parts = values.split_url(self.SIMPLE_AUTH.get("PUBLIC_URL"))
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
        if not isinstance(value, (list, tuple)) or not values.all_among(DEFAULT_NOTIFICATIONS, value):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['NOTIFICATIONS'] must be a list of {', '.join(map(repr, DEFAULT_NOTIFICATIONS))}, not "
                f"{value!r}."
            )
        return tuple(value)

    @property
    def ACKNOWLEDGED_RISKS(self) -> frozenset[str]:
        """The names of risks that ``check --deploy`` does not report."""
        value = self.SIMPLE_AUTH.get("ACKNOWLEDGED_RISKS", ())
        if not isinstance(value, (list, tuple, set, frozenset)) or not values.all_among(tuple(RISKS), value):
            raise ImproperlyConfigured(
                f"SIMPLE_AUTH['ACKNOWLEDGED_RISKS'] must be a list of {', '.join(map(repr, RISKS))}, not {value!r}."
            )
        return frozenset(value)

    @property
    def DELETE_ACCOUNT(self) -> Callable[[Any], object] | None:
        """A function that is called with the user instead of ``user.delete()``; None: there is none."""
        value = self.SIMPLE_AUTH.get("DELETE_ACCOUNT")
        return None if value is None else values.function("SIMPLE_AUTH['DELETE_ACCOUNT']", value, "a user")

    @property
    def LOGIN_STEPS(self) -> tuple[Callable[[Any], None], ...]:
        """What every login passes after its first factor, in this order: called with the ``LoginAttempt``."""
        value = self.SIMPLE_AUTH.get("LOGIN_STEPS", ())
        if not isinstance(value, (list, tuple)):
            raise ImproperlyConfigured(f"SIMPLE_AUTH['LOGIN_STEPS'] must be a list of dotted paths, not {value!r}.")
        return tuple(
            values.function(f"SIMPLE_AUTH['LOGIN_STEPS'][{number}]", path, "a LoginAttempt")
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
        return {scope: values.rate(scope, rate) for scope, rate in rates.items() if rate is not None}

    @property
    def THROTTLE_STORE(self) -> str:
        """Where attempts are counted: ``cache``, if the default cache counts atomically, or ``database``."""
        return values.one_of("THROTTLE_STORE", self.SIMPLE_AUTH.get("THROTTLE_STORE", "cache"), THROTTLE_STORES)


conf = Settings()
KEYS = frozenset(name for name, member in vars(Settings).items() if isinstance(member, property)) - {
    "TOKEN_EXPIRED_AFTER_SECONDS",
    "SIMPLE_AUTH",
}
"""The valid keys of SIMPLE_AUTH."""
