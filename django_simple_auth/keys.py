"""API keys: tokens for programs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import sessions, signals
from .db import clock
from .db.transactions import atomic_with_retry
from .exceptions import InvalidValue, KeyNotFound, TokenInvalid
from .models import AuthToken
from .tokens import issuing, store
from .tokens.issuing import Issued

SOON = timedelta(days=7)
"""How long before a key expires ``warn`` reports it."""
_KEY = AuthToken.Purpose.KEY
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""A scope as RFC 6749, 3.3 defines it."""


@dataclass(frozen=True)
class Key:
    """An API key, as its user may see it."""

    id: int
    name: str
    scopes: Sequence[str]
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime | None


def create(
    user: AbstractBaseUser,
    *,
    name: str = "",
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
    request: HttpRequest | None = None,
) -> Issued:
    """Create a key. It grants access until ``expires_at``, or until the key or the user is deleted.

    ``scopes`` are your project's own words for what the key may do. Raises ``InvalidValue``, or ``TokenInvalid`` if
    the user was deleted or deactivated meanwhile, or has another password.
    """
    joined = _joined(scopes)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidValue("expires_at", ValidationError(_("Must be in the future."), "past"))

    def issue() -> Issued:
        # A password reset ends every key; one that is being created meanwhile must not survive it.
        owner = sessions.owner(user, sessions.password_unchanged(user))
        return issuing.issue(user, _KEY, owner=owner, name=name, scopes=joined, expires_at=expires_at)

    try:
        issued = atomic_with_retry(issue, AuthToken)
    except IntegrityError:
        if sessions.may_log_in(user, sessions.password_unchanged(user)):
            raise
        raise TokenInvalid from None
    signals.key_created.send(user=user, request=request, key=issued.row.pk)
    return issued


def active(user: AbstractBaseUser) -> list[Key]:
    """The user's valid keys, the newest first. One query."""
    return [key_of(row) for row in store.live(user, _KEY, "-pk")]


def key_of(row: AuthToken) -> Key:
    """What the user may see of this row."""
    return Key(
        id=row.pk,
        name=row.name,
        scopes=row.scopes.split(),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
    )


def delete(user: AbstractBaseUser, key_id: int, request: HttpRequest | None = None) -> None:
    """Delete the user's key with this id. Raises ``KeyNotFound`` if there is none."""
    if not store.revoke(user, _KEY, Q(pk=key_id)):
        raise KeyNotFound
    signals.key_deleted.send(user=user, request=request, key=key_id)


def delete_all(user: AbstractBaseUser, request: HttpRequest | None = None) -> int:
    """Delete every key of the user; returns how many. ``key_deleted`` is sent once, with their number."""
    if deleted := store.revoke(user, _KEY):
        signals.key_deleted.send(user=user, request=request, count=deleted)
    return deleted


def warn() -> None:
    """Send ``key_expires_soon`` for every key that expires within SOON, at each call."""
    at = clock.now()
    for row in store.keys_that_expire(at, at + SOON):
        assert row.expires_at is not None, "The query requires it."
        signals.key_expires_soon.send(user=row.user, key=row.pk, expires_at=row.expires_at.isoformat())


def _joined(scopes: Sequence[str]) -> str:
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        text = _("A scope may contain ASCII letters, digits and symbols, but no spaces, quotes or backslashes.")
        raise InvalidValue("scopes", ValidationError(text, "invalid"))
    joined = " ".join(dict.fromkeys(scopes))
    column = AuthToken._meta.get_field("scopes")
    try:
        column.run_validators(joined)
    except ValidationError as error:
        raise InvalidValue("scopes", error) from None
    return joined
