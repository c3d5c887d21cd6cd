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
from . import hashing, password_changes

_held_back: ContextVar[list[Any] | None] = ContextVar("simple_auth_held_back", default=None)

_T = TypeVar("_T")


class _UpgradeHeldBack(Exception):
    """Raised instead of letting Django write an upgraded hash."""


@sensitive_variables()
def check(verify: Callable[[], _T], password: str) -> _T | None:
    """Return what ``verify`` returns, while Django's hash upgrade is held back.

    Django writes the upgraded hash after it has verified the password, whatever is stored by then: it would overwrite a
    password changed meanwhile, and the old one would be valid again. Here it is written under a lock instead.

    None if a hasher cannot take the password, after the effort that a wrong one takes.
    """
    try:
        with hashing.guard():
            return _check(verify, password)
    except hashing.Unhashable:
        hashing.spend_stand_in()
        return None


@sensitive_variables()
def _check(verify: Callable[[], _T], password: str) -> _T:
    upgradable: list[Any] = []
    before = _held_back.set(upgradable)
    try:
        found = verify()
    except _UpgradeHeldBack:
        pass
    finally:
        _held_back.reset(before)
    # Not known from the exception: a backend that catches every exception may have caught it.
    if not upgradable:
        return found
    user = upgradable[-1]

    def upgrade() -> None:
        if not user_model.lock(user):
            return
        user.refresh_from_db(using=user_model.all_users().db, fields=["password"])
        if check_password(password, user.password):
            user.password = make_password(password)
            with password_changes.upgrading(user):
                user.save(update_fields=["password"])

    atomic_with_retry(upgrade, get_user_model())
    return verify()


def hold_back(user: AbstractBaseUser, update_fields: frozenset[str] | None) -> None:
    """Before a save: within ``check``, keep Django from writing an upgraded hash."""
    held_back = _held_back.get()
    # There may be other fields: on some models, save() adds the time of the change to ``update_fields``.
    if held_back is not None and "password" in (update_fields or ()):
        held_back.append(user)
        raise _UpgradeHeldBack
