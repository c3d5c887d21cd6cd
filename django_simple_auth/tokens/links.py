"""Secrets in somebody's mailbox: made, redeemed once, withdrawn.

They have the form of a token, under prefixes of their own. What one is good for, for whom and at which address
stands in its row, and nowhere in what the client sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from ..db import batches, clock
from ..db.transactions import atomic_with_retry
from ..exceptions import LinkInvalid
from ..identity import folding, user_model
from ..models import OneTimeToken
from . import format as token_format

Purpose = OneTimeToken.Purpose
PREFIXES = {
    Purpose.RESET: "dsp",
    Purpose.VERIFY: "dsv",
    Purpose.CHANGE: "dsc",
    Purpose.REVERT: "dsw",
    Purpose.INVITE: "dsi",
}
LIFETIMES = {
    Purpose.RESET: timedelta(minutes=30),
    Purpose.VERIFY: timedelta(days=3),
    Purpose.CHANGE: timedelta(days=1),
    Purpose.REVERT: timedelta(days=14),
    Purpose.INVITE: timedelta(days=7),
}
ENDED_BY_NEW_PASSWORD = (Purpose.RESET, Purpose.CHANGE)
"""What a new password withdraws. Not a way back: a thief who knows the password would only have to change that, too."""


@sensitive_variables()
def issue(purpose: OneTimeToken.Purpose, email: str, user: AbstractBaseUser | None = None) -> str:
    """A fresh secret for this address. The user's older ones of that purpose, or the address's, are good no more.

    Where there is no user yet, the address is kept folded: all its spellings are one.

    A way back stays good beside newer ones to other addresses: else whoever took an account would only have to change
    its address twice. Raises ``LinkInvalid`` if the user was deleted meanwhile, or has a new password
    that would have withdrawn it.
    """
    secret = token_format.generate(PREFIXES[purpose])
    _replace(purpose, email, user, secret)
    return secret


def reserve(purpose: OneTimeToken.Purpose, email: str, user: AbstractBaseUser) -> int:
    """The id of a row that takes its place among the user's others now, and whose secret is made by ``renew``.

    For a letter that must be sent whatever happens before it is written. Raises ``LinkInvalid`` as ``make`` does.
    """
    return _replace(purpose, email, user, token_format.generate(PREFIXES[purpose])).pk


@sensitive_variables()
def renew(purpose: OneTimeToken.Purpose, row_id: str) -> str:
    """A fresh secret for the row of this id. Raises ``LinkInvalid`` if it has been used or withdrawn, or is too old."""
    secret = token_format.generate(PREFIXES[purpose])
    if not _live().filter(pk=row_id, purpose=purpose).update(digest=token_format.digest(secret)):
        raise LinkInvalid
    return secret


@sensitive_variables()
def _replace(purpose: OneTimeToken.Purpose, email: str, user: AbstractBaseUser | None, secret: str) -> OneTimeToken:
    # The stubs know one user model; hosts have many.
    owner: Any = user
    kept = folding.fold(email) if user is None else email

    def replace() -> OneTimeToken:
        # In turns: of two made at once, neither would see the other one to delete it. Nor would a new password see one
        # that is made just after it, for a user who was loaded before.
        loaded = {"password": user.password} if user is not None and purpose in ENDED_BY_NEW_PASSWORD else {}
        if user is not None and not user_model.lock(user, **loaded):
            raise LinkInvalid
        created = clock.now()
        row = OneTimeToken.objects.create(
            user=owner,
            purpose=purpose,
            email=kept,
            digest=token_format.digest(secret),
            created_at=created,
            expires_at=created + LIFETIMES[purpose],
        )
        older = OneTimeToken.objects.filter(user=owner, purpose=purpose, pk__lt=row.pk)
        if user is None or purpose == Purpose.REVERT:
            older = older.filter(email=kept)
        older.delete()
        return row

    return atomic_with_retry(replace, OneTimeToken)


@sensitive_variables()
def find(secret: str, *purposes: OneTimeToken.Purpose) -> OneTimeToken:
    """The live row behind the secret, with its user; it stays good. Raises ``LinkInvalid``.

    One query, none for what is mistyped or meant for something else. A disabled user's secrets are good for nothing.
    """
    prefixes = {f"{PREFIXES[purpose]}_" for purpose in purposes}
    if secret[:4] not in prefixes or not token_format.is_well_formed(secret):
        raise LinkInvalid
    row = _live().select_related("user").filter(digest=token_format.digest(secret), purpose__in=purposes).first()
    if row is None or (row.user is not None and not row.user.is_active):
        raise LinkInvalid
    return row


def redeem(row: OneTimeToken) -> None:
    """Use it up. Raises ``LinkInvalid`` if that has been done already; of simultaneous tries one succeeds."""
    deleted, _of_which = _live().filter(pk=row.pk, digest=row.digest).delete()
    if not deleted:
        raise LinkInvalid


def revoke(user: AbstractBaseUser, *purposes: OneTimeToken.Purpose) -> None:
    """What is in the user's mailbox for these purposes is good no more."""
    OneTimeToken.objects.filter(user=user.pk, purpose__in=purposes).delete()


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete what is dead, batch by batch; yields the size of each."""
    return batches.delete(_dead(), batch_size)


def count_expired() -> int:
    """How many rows ``clear_expired`` would delete."""
    return _dead().count()


def _live() -> QuerySet[OneTimeToken]:
    # Never from a replica, which may not know yet what has been used.
    return OneTimeToken.objects.using(router.db_for_write(OneTimeToken)).filter(expires_at__gt=clock.now())


def _dead() -> QuerySet[OneTimeToken]:
    return OneTimeToken.objects.using(router.db_for_write(OneTimeToken)).filter(expires_at__lte=clock.now())
