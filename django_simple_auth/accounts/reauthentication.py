"""Reauthenticate before a sensitive change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..db.transactions import atomic_with_retry
from ..exceptions import CredentialsOutdated, WrongCurrentPassword
from ..identity import user_model
from ..models import AuthToken
from ..throttling import attempts
from . import password_upgrades

_T = TypeVar("_T")


@sensitive_variables()
def reauthenticate(user: AbstractBaseUser, current_password: str, request: HttpRequest | None = None) -> None:
    """Whoever holds a login shows that he knows the password, too. Raises ``WrongCurrentPassword``.

    Counted per account, before hashing: a stolen login must not be a place to guess the password at.
    """
    attempts.hit("current_password", str(user.pk), request=request)
    if not password_upgrades.check(lambda: user.check_password(current_password), current_password):
        signals.reauthentication_failed.send(user=user, request=request)
        raise WrongCurrentPassword


@sensitive_variables()
def act(user: AbstractBaseUser, confirmed: str, act: Callable[[], _T]) -> _T:
    """Act in a transaction of the user's own, in which the password is still the one that has been confirmed.

    Raises ``WrongCurrentPassword`` if it was changed meanwhile, or the account has ended.
    """

    def act_in_turn() -> _T:
        if not user_model.lock(user, password=user.password):
            raise CredentialsOutdated
        return act()

    try:
        return atomic_with_retry(act_in_turn, AuthToken)
    except CredentialsOutdated:
        # Another password; or only a better hash of the same one, which a login at the same time has written.
        user.password = user_model.all_users().filter(pk=user.pk).values_list("password", flat=True).first() or ""
        if not password_upgrades.check(lambda: user.check_password(confirmed), confirmed):
            raise WrongCurrentPassword from None
    try:
        return atomic_with_retry(act_in_turn, AuthToken)
    except CredentialsOutdated:
        raise WrongCurrentPassword from None
