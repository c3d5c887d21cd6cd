"""The project's settings, and what holds where it sets nothing."""

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
from .settings import KEYS, Settings, conf
from .values import LONGEST, Rate

__all__ = [
    "DEFAULT_COOKIE_NAME",
    "DEFAULT_FRONTEND_URLS",
    "DEFAULT_LIFETIME",
    "DEFAULT_NOTIFICATIONS",
    "DEFAULT_RATES",
    "KEYS",
    "LONGEST",
    "REGISTRATION",
    "RISKS",
    "THROTTLE_STORES",
    "VERIFICATION",
    "Rate",
    "Settings",
    "conf",
]
