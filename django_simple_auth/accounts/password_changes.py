"""Detect that a user is saved with another password, by any code, and end what the old one gave access to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import get_hasher, identify_hasher, is_password_usable
from django.db import transaction

from .. import sessions, signals
from ..identity import user_model
from ..models import AuthToken
from ..tokens import links


@dataclass(frozen=True)
class _Change:
    keep: AuthToken | None = None
    """The only token that stays valid."""
    announced: bool = False
    """Whether a service sends the signal itself, because it knows the cause."""


@dataclass(frozen=True)
class _Stored:
    """What the row held before the save."""

    password: str = field(repr=False)
    save_names_fields: bool
    """Whether the save has ``update_fields``, as Django's save of an upgraded hash does."""


_DETECTED = "_simple_auth_password_change"
"""The attribute of the instance that holds, between ``detect`` and ``apply``, what the save does to the password."""
_known: ContextVar[tuple[AbstractBaseUser, _Change | None] | None] = ContextVar("simple_auth_password", default=None)


@contextmanager
def announced(user: AbstractBaseUser, keep: AuthToken | None = None) -> Iterator[None]:
    """Saving the user in this block ends every token but ``keep``; the caller sends ``password_changed``."""
    with _knowing(user, _Change(keep, announced=True)):
        yield


@contextmanager
def upgrading(user: AbstractBaseUser) -> Iterator[None]:
    """Saving the user in this block writes an upgraded hash of the same password, so nothing ends."""
    with _knowing(user, None):
        yield


def detect(user: AbstractBaseUser, using: str, update_fields: frozenset[str] | None) -> None:
    """Before a save: record on the instance which password is stored. One query, if the save can write another one."""
    vars(user).pop(_DETECTED, None)
    if update_fields is not None and "password" not in update_fields:
        return
    known = _known.get()
    if known is not None and known[0] is user:
        vars(user)[_DETECTED] = known[1]
    elif user.pk is not None:
        # The row, not the loaded value: a stale instance restores the old password.
        row = user_model.all_users().using(using).filter(pk=user.pk).values_list("password").first()
        if row is not None:
            vars(user)[_DETECTED] = _Stored(row[0], update_fields is not None)


def apply(user: AbstractBaseUser, using: str) -> None:
    """After the save: end what the old password gave access to, and send ``password_changed``."""
    change: _Change | _Stored | None = vars(user).pop(_DETECTED, None)
    if isinstance(change, _Stored):
        # Not before the save: receivers that come after ours, and the field itself, may still have changed it.
        change = _Change() if _is_new(user, change) else None
    if change is None:
        return
    sessions.end_others(user, change.keep, using=using)
    links.revoke(user, *links.ENDED_BY_NEW_PASSWORD, using=using)
    if not change.announced:
        transaction.on_commit(lambda: signals.password_changed.send(user=user, way="elsewhere"), using=using)


@contextmanager
def _knowing(user: AbstractBaseUser, change: _Change | None) -> Iterator[None]:
    before = _known.set((user, change))
    try:
        yield
    finally:
        _known.reset(before)


def _is_new(user: AbstractBaseUser, stored: _Stored) -> bool:
    """Whether the save has written another password than the stored one."""
    if stored.password == user.password:
        return False
    # Unusable passwords are random, so two of them differ, but neither gives access.
    if not is_password_usable(stored.password) and not is_password_usable(user.password):
        return False
    return not (stored.save_names_fields and _is_djangos_upgrade(user, stored.password))


def _is_djangos_upgrade(user: AbstractBaseUser, stored: str) -> bool:
    """Whether this is ``check_password`` saving an upgraded hash of the password that it has just verified."""
    # Private, because there is no public way to know: check_password() calls set_password() and resets ``_password`` to
    # None before it saves. An older save may have left the same None, so the stored hash must be outdated as well.
    if vars(user).get("_password", "") is not None:
        return False
    try:
        return _is_outdated(stored) and not _is_outdated(user.password)
    except (TypeError, ValueError):
        # One of the two is not a hash, or its hasher is not installed.
        return False


def _is_outdated(encoded: str) -> bool:
    """Whether Django would upgrade this hash. Raises ValueError if no hasher knows it."""
    # Not documented, but check_password() calls the same; a copy of its rules would go out of date.
    preferred = get_hasher("default")
    return identify_hasher(encoded).algorithm != preferred.algorithm or bool(preferred.must_update(encoded))
