"""How often somebody's password may be guessed: counted by name and network, and by name alone.

From everywhere together a name can be tried so often and no more, however many networks an attacker has. Whoever owns
the name would be locked out by that, if networks where it has logged in were not exempt: from there, only what was
tried there counts. The way back from elsewhere is a new password by mail.
"""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from ..conf import conf
from ..identity import folding, user_model
from . import attempts

PAIR, NAME = "login_account", "login_identifier"
"""Scopes in SIMPLE_AUTH["THROTTLE_RATES"]."""
REMEMBERED = 30 * 24 * 3600
"""Seconds since the latest login for which a network stays exempt."""
_KNOWN = "login_known"


def hit(name: str, network: str, request: HttpRequest | None = None) -> None:
    """Count one guess at the password of whoever is called so; raises ``TooManyAttempts``. To be called before hashing.

    Whether anybody is called so makes no difference.
    """
    if not _is_limited():
        return
    if attempts.remembers(_KNOWN, *_pair(name, network)):
        # A counter of its own, under the very name: a login clears it, and must not clear what was tried under another
        # name that only looks the same. An attacker could have an account of such a name.
        attempts.hit(PAIR, *_pair(name, network), request=request)
        return
    blurred = folding.skeleton(name)
    attempts.hit(PAIR, blurred, network, request=request)
    attempts.hit(NAME, blurred, request=request)


def succeeded(name: str, network: str) -> None:
    """Whoever is called so has logged in from there, which clears what was counted for this pair and nothing else."""
    if _is_limited():
        attempts.clear(PAIR, *_pair(name, network))
        attempts.remember(_KNOWN, *_pair(name, network), seconds=REMEMBERED)


def trust_network(user: AbstractBaseUser, network: str) -> None:
    """Whoever is there has shown to be this user by other means than the password."""
    for name in {str(user.get_username()), *user_model.identifiers_of(user).values()}:
        succeeded(name, network)


def _is_limited() -> bool:
    return not conf.THROTTLE_RATES.keys().isdisjoint({PAIR, NAME})


def _pair(name: str, network: str) -> tuple[str, str, str]:
    return "known", folding.fold(name), network
