"""Check a password while Django's hash upgrade is held back."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, make_password
from django.views.decorators.debug import sensitive_variables

from ..db.transactions import atomic_with_retry
from ..identity import user_model
from . import password_changes

_held_back: ContextVar[list[Any] | None] = ContextVar("simple_auth_held_back", default=None)

_T = TypeVar("_T")


class _UpgradeHeldBack(Exception):
    """Raised in place of Django's write of a better hash."""


@sensitive_variables()
def check(ask: Callable[[], _T], password: str) -> _T:
    """What ``ask`` finds out about the password, without a better hash of it undoing a change in between.

    Django writes such a hash when it has found the password right, whatever the stored one is by then; a change that
    was made meanwhile would be lost, and the old password good again.
    """
    improvable: list[Any] = []
    before = _held_back.set(improvable)
    try:
        found = ask()
    except _UpgradeHeldBack:
        pass
    finally:
        _held_back.reset(before)
    # Not from the exception: a backend may have caught that, as it catches whatever goes wrong.
    if not improvable:
        return found
    user = improvable[-1]

    def improve() -> None:
        if not user_model.lock(user):
            return
        user.refresh_from_db(using=user_model.all_users().db, fields=["password"])
        if check_password(password, user.password):
            user.password = make_password(password)
            with password_changes.upgrading(user):
                user.save(update_fields=["password"])

    atomic_with_retry(improve, get_user_model())
    return ask()


def hold_back(user: AbstractBaseUser, update_fields: frozenset[str] | None) -> None:
    """Before a save: within ``check``, Django does not write better hashes by itself."""
    held_back = _held_back.get()
    # Among others: on some models, save() adds the time of the change to whatever fields it is given.
    if held_back is not None and "password" in (update_fields or ()):
        held_back.append(user)
        raise _UpgradeHeldBack
