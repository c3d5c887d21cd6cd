"""The system checks; ``docs/checks.md`` lists them."""

from . import accounts, contracts, mail, passwords, settings, throttling, tokens, versions

__all__ = ["accounts", "contracts", "mail", "passwords", "settings", "throttling", "tokens", "versions"]
