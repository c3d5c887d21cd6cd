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
    pair, lookalike = _pair(name, network), folding.skeleton(name)

    def count(counters: attempts.Counters) -> attempts.Exceeded | None:
        if counters.remembers(_KNOWN, *pair):
            # A separate counter for the exact name: a login clears it, and must not clear attempts with a name that
            # only looks the same, because an attacker may have an account with such a name.
            return counters.hit(PAIR, *pair)
        return counters.hit(PAIR, lookalike, network) or counters.hit(NAME, lookalike)

    attempts.check(count, request)


def succeeded(name: str, network: str) -> None:
    """Clear the counter of this name and network after a login, and exempt the network. No other counter changes."""
    if not _is_limited():
        return
    pair = _pair(name, network)

    def clear(counters: attempts.Counters) -> None:
        counters.clear(PAIR, *pair)
        counters.remember(_KNOWN, *pair, seconds=REMEMBERED)

    attempts.in_one_step(clear)


def trust_network(user: AbstractBaseUser, network: str) -> None:
    """Exempt a network whose client has been identified as this user by other means than the password."""
    for name in {str(user.get_username()), *user_model.identifiers_of(user).values()}:
        succeeded(name, network)


def _is_limited() -> bool:
    return not conf.THROTTLE_RATES.keys().isdisjoint({PAIR, NAME})


def _pair(name: str, network: str) -> tuple[str, str, str]:
    return "known", folding.fold(name), network
