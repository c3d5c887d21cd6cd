"""What ``manage.py check`` says about a host; ``docs/checks.md`` lists it."""

from . import accounts, contracts, letters, limits, passwords, settings, tokens, versions

__all__ = ["accounts", "contracts", "letters", "limits", "passwords", "settings", "tokens", "versions"]
