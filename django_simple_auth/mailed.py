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

from . import batches, tokens, users
from .models import MailedSecret
from .refusals import LinkInvalid
from .transactions import transact

Purpose = MailedSecret.Purpose
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
OVERTAKEN = (Purpose.RESET, Purpose.CHANGE)
"""What a new password withdraws. Not a way back: a thief who knows the password would only have to change that, too."""


@sensitive_variables()
def make(purpose: MailedSecret.Purpose, address: str, user: AbstractBaseUser | None = None) -> str:
    """A fresh secret for this address. The user's older ones of that purpose, or the address's, are good no more.

    Where there is no user yet, the address is kept folded: all its spellings are one.

    A way back stays good beside newer ones to other addresses: else whoever took an account would only have to change
    its address twice. Raises ``LinkInvalid`` if the user was deleted meanwhile, or has a new password
    that would have withdrawn it.
    """
    secret = tokens.generate(PREFIXES[purpose])
    _replace(purpose, address, user, secret)
    return secret


def reserve(purpose: MailedSecret.Purpose, address: str, user: AbstractBaseUser) -> int:
    """The id of a row that takes its place among the user's others now, and whose secret is made by ``renew``.

    For a letter that must be sent whatever happens before it is written. Raises ``LinkInvalid`` as ``make`` does.
    """
    return _replace(purpose, address, user, tokens.generate(PREFIXES[purpose])).pk


@sensitive_variables()
def renew(purpose: MailedSecret.Purpose, row_id: str) -> str:
    """A fresh secret for the row of this id. Raises ``LinkInvalid`` if it has been used or withdrawn, or is too old."""
    secret = tokens.generate(PREFIXES[purpose])
    if not _live().filter(pk=row_id, purpose=purpose).update(digest=tokens.digest(secret)):
        raise LinkInvalid
    return secret


@sensitive_variables()
def _replace(purpose: MailedSecret.Purpose, address: str, user: AbstractBaseUser | None, secret: str) -> MailedSecret:
    # The stubs know one user model; hosts have many.
    owner: Any = user
    kept = users.fold(address) if user is None else address

    def replace() -> MailedSecret:
        # In turns: of two made at once, neither would see the other one to delete it. Nor would a new password see one
        # that is made just after it, for a user who was loaded before.
        loaded = {"password": user.password} if user is not None and purpose in OVERTAKEN else {}
        if user is not None and not users.take_turns(user, **loaded):
            raise LinkInvalid
        created = tokens.now()
        row = MailedSecret.objects.create(
            user=owner,
            purpose=purpose,
            address=kept,
            digest=tokens.digest(secret),
            created_at=created,
            expires_at=created + LIFETIMES[purpose],
        )
        older = MailedSecret.objects.filter(user=owner, purpose=purpose, pk__lt=row.pk)
        if user is None or purpose == Purpose.REVERT:
            older = older.filter(address=kept)
        older.delete()
        return row

    return transact(replace, MailedSecret)


@sensitive_variables()
def find(secret: str, *purposes: MailedSecret.Purpose) -> MailedSecret:
    """The live row behind the secret, with its user; it stays good. Raises ``LinkInvalid``.

    One query, none for what is mistyped or meant for something else. A disabled user's secrets are good for nothing.
    """
    prefixes = {f"{PREFIXES[purpose]}_" for purpose in purposes}
    if secret[:4] not in prefixes or not tokens.is_well_formed(secret):
        raise LinkInvalid
    row = _live().select_related("user").filter(digest=tokens.digest(secret), purpose__in=purposes).first()
    if row is None or (row.user is not None and not row.user.is_active):
        raise LinkInvalid
    return row


def redeem(row: MailedSecret) -> None:
    """Use it up. Raises ``LinkInvalid`` if that has been done already; of simultaneous tries one succeeds."""
    deleted, _of_which = _live().filter(pk=row.pk, digest=row.digest).delete()
    if not deleted:
        raise LinkInvalid


def withdraw(user: AbstractBaseUser, *purposes: MailedSecret.Purpose) -> None:
    """What is in the user's mailbox for these purposes is good no more."""
    MailedSecret.objects.filter(user=user.pk, purpose__in=purposes).delete()


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete what is dead, batch by batch; yields the size of each."""
    return batches.delete(_dead(), batch_size)


def count_expired() -> int:
    """How many rows ``clear_expired`` would delete."""
    return _dead().count()


def _live() -> QuerySet[MailedSecret]:
    # Never from a replica, which may not know yet what has been used.
    return MailedSecret.objects.using(router.db_for_write(MailedSecret)).filter(expires_at__gt=tokens.now())


def _dead() -> QuerySet[MailedSecret]:
    return MailedSecret.objects.using(router.db_for_write(MailedSecret)).filter(expires_at__lte=tokens.now())
