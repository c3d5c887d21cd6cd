"""API keys: tokens for programs, which no login ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import sessions, signals
from .db import clock
from .db.transactions import atomic_with_retry
from .exceptions import InvalidValue, KeyNotFound, TokenInvalid
from .models import AuthToken
from .tokens import issuing, lifetime, store
from .tokens.issuing import Issued

SOON = timedelta(days=7)
"""How long before its end a key is warned of."""
_WORD = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
"""A scope as RFC 6749, 3.3 has it."""


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
    """A fresh key, beside those that the user has already. It lives until then, until it is deleted, or the user is.

    ``scopes`` are the host's own words for what the key may do. Raises ``InvalidValue``.
    """
    words = _joined(scopes)
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidValue("expires_at", ValidationError(_("This moment must be in the future."), "past"))

    def issue() -> Issued:
        # Whoever takes the account back ends every key; one that is being made must not slip through.
        owner = sessions.owner(user, sessions.password_unchanged(user))
        return issuing.issue(user, AuthToken.Purpose.KEY, owner=owner, name=name, scopes=words, expires_at=expires_at)

    try:
        issued = atomic_with_retry(issue, AuthToken)
    except IntegrityError:
        if sessions.may_log_in(user, sessions.password_unchanged(user)):
            raise
        # The user was deleted or deactivated meanwhile, or has another password: what let him in is no longer good.
        raise TokenInvalid from None
    signals.key_created.send(user=user, request=request, key=issued.row.pk)
    return issued


def active(user: AbstractBaseUser) -> list[Key]:
    """The user's keys, the latest made first. One query."""
    rows = _keys().filter(user=user.pk).exclude(lifetime.expired(clock.now())).order_by("-pk")
    return [key_of(row) for row in rows]


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
    """End the key of this id. Raises ``KeyNotFound`` if the user has no such key."""
    deleted, _rows = _keys().filter(user=user.pk, pk=key_id).delete()
    if not deleted:
        raise KeyNotFound
    signals.key_deleted.send(user=user, request=request, key=key_id)


def delete_all(user: AbstractBaseUser, request: HttpRequest | None = None) -> int:
    """End every key of the user; returns how many there were. Told once, with their number."""
    deleted, _rows = _keys().filter(user=user.pk).delete()
    if deleted:
        signals.key_deleted.send(user=user, request=request, count=deleted)
    return deleted


def warn() -> None:
    """Tell of every key that expires SOON, each time anew."""
    at = clock.now()
    for row in _keys().filter(expires_at__gt=at, expires_at__lte=at + SOON).select_related("user").order_by("pk"):
        assert row.expires_at is not None, "The query asks for it."
        signals.key_expires_soon.send(user=row.user, key=row.pk, expires_at=row.expires_at.isoformat())


def _keys() -> models.QuerySet[AuthToken]:
    return AuthToken.objects.using(store.primary()).filter(purpose=AuthToken.Purpose.KEY)


def _joined(scopes: Sequence[str]) -> str:
    if not all(_WORD.fullmatch(word) for word in scopes):
        text = _("A scope is a word of ASCII letters, digits and signs, without blanks, quotes and backslashes.")
        raise InvalidValue("scopes", ValidationError(text, "invalid"))
    joined = " ".join(dict.fromkeys(scopes))
    column = AuthToken._meta.get_field("scopes")
    try:
        column.run_validators(joined)
    except ValidationError as error:
        raise InvalidValue("scopes", error) from None
    return joined
