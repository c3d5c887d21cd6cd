"""Limit attempts to log in, per name and network, and per name from all networks together.

The second limit holds however many networks an attacker uses. It would lock the user out, so networks from which the
user has logged in before are exempt: there, only attempts from the same network count. From a new network, a locked-out
user resets the password by e-mail.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from ..conf import conf
from ..identity import folding, user_model
from . import attempts

PAIR, NAME = "login_account", "login_identifier"
"""The scopes in SIMPLE_AUTH["THROTTLE_RATES"]."""
REMEMBERED = 30 * 24 * 3600
"""How many seconds after its last login a network stays exempt."""
_KNOWN = "login_known"


def hit(name: str, network: str, request: HttpRequest | None = None) -> None:
    """Count one attempt to log in with this name. Call it before hashing. Raises ``TooManyAttempts``.

    Names that no user has are counted alike.
    """
    if not _is_limited():
        return
    if attempts.remembers(_KNOWN, *_pair(name, network)):
        # A separate counter for the exact name: a login clears it, and must not clear attempts with a name that only
        # looks the same, because an attacker may have an account with such a name.
        attempts.hit(PAIR, *_pair(name, network), request=request)
        return
    lookalike = folding.skeleton(name)
    attempts.hit(PAIR, lookalike, network, request=request)
    attempts.hit(NAME, lookalike, request=request)


def succeeded(name: str, network: str) -> None:
    """Clear the counter of this name and network after a login, and exempt the network. No other counter changes."""
    if _is_limited():
        attempts.clear(PAIR, *_pair(name, network))
        attempts.remember(_KNOWN, *_pair(name, network), seconds=REMEMBERED)


def trust_network(user: AbstractBaseUser, network: str) -> None:
    """Exempt a network whose client has been identified as this user by other means than the password."""
    for name in {str(user.get_username()), *user_model.identifiers_of(user).values()}:
        succeeded(name, network)


def _is_limited() -> bool:
    return not conf.THROTTLE_RATES.keys().isdisjoint({PAIR, NAME})


def _pair(name: str, network: str) -> tuple[str, str, str]:
    return "known", folding.fold(name), network
