"""Issue, find, redeem and revoke the one-time tokens in e-mailed links: the only module that queries OneTimeToken.

They have the form of a token, under prefixes of their own. Purpose, user and e-mail address are in the row, never in
what the client sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
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
"""What a new password revokes. Not revert links: an attacker who knows the password could change it to revoke them."""


@sensitive_variables()
def issue(purpose: OneTimeToken.Purpose, email: str, user: AbstractBaseUser | None = None) -> str:
    """A new secret for a link to this e-mail address. Revokes the user's older ones of the same purpose.

    Where there is no user yet, it revokes those to the same address, which is stored folded: all its spellings are one.
    A revert link stays valid beside newer ones to other addresses: otherwise an attacker could change the address
    twice to get rid of it. Raises ``LinkInvalid`` if the user was deleted meanwhile, or has a new password that
    would have revoked the link.
    """
    secret = token_format.generate(PREFIXES[purpose])
    _replace(purpose, email, user, secret)
    return secret


def reserve(purpose: OneTimeToken.Purpose, email: str, user: AbstractBaseUser) -> int:
    """Create the row now and return its id; ``renew`` creates the secret when the e-mail is written.

    For a link whose order among the user's others is decided now. Raises ``LinkInvalid`` as ``issue`` does.
    """
    return _replace(purpose, email, user, token_format.generate(PREFIXES[purpose])).pk


@sensitive_variables()
def renew(purpose: OneTimeToken.Purpose, row_id: str) -> str:
    """A new secret for the row with this id. Raises ``LinkInvalid`` if it was redeemed or revoked, or has expired."""
    secret = token_format.generate(PREFIXES[purpose])
    if not _live().filter(pk=row_id, purpose=purpose).update(digest=token_format.digest(secret)):
        raise LinkInvalid
    return secret


@sensitive_variables()
def _replace(purpose: OneTimeToken.Purpose, email: str, user: AbstractBaseUser | None, secret: str) -> OneTimeToken:
    # The type stubs know one user model; projects have their own.
    owner: Any = user
    stored_email = _stored(email, user)

    def replace() -> OneTimeToken:
        # Under a lock: of two issued at once, neither would see the other one to delete it. With the password that was
        # loaded: a password change before the lock would otherwise miss the link that is issued after it.
        loaded = {"password": user.password} if user is not None and purpose in ENDED_BY_NEW_PASSWORD else {}
        if user is not None and not user_model.lock(user, **loaded):
            raise LinkInvalid
        created = clock.now()
        row = OneTimeToken.objects.create(
            user=owner,
            purpose=purpose,
            email=stored_email,
            digest=token_format.digest(secret),
            created_at=created,
            expires_at=created + LIFETIMES[purpose],
        )
        older = OneTimeToken.objects.filter(user=owner, purpose=purpose, pk__lt=row.pk)
        if user is None or purpose == Purpose.REVERT:
            older = older.filter(email=stored_email)
        older.delete()
        return row

    return atomic_with_retry(replace, OneTimeToken)


@sensitive_variables()
def find(secret: str, *purposes: OneTimeToken.Purpose) -> OneTimeToken:
    """The live row that has this secret and one of the purposes, loaded with its user. Does not redeem it.

    One query, none for a mistyped secret or one of another purpose. Raises ``LinkInvalid``, also where the user is
    inactive.
    """
    prefixes = {f"{PREFIXES[purpose]}_" for purpose in purposes}
    if secret[:4] not in prefixes or not token_format.is_well_formed(secret):
        raise LinkInvalid
    row = _live().select_related("user").filter(digest=token_format.digest(secret), purpose__in=purposes).first()
    if row is None or (row.user is not None and not row.user.is_active):
        raise LinkInvalid
    return row


def check_email(email: str, user: AbstractBaseUser | None = None) -> None:
    """Raise ``ValidationError`` if no link to this address could be stored, because it is too long as it is stored."""
    OneTimeToken._meta.get_field("email").run_validators(_stored(email, user))


def _stored(email: str, user: AbstractBaseUser | None) -> str:
    return folding.fold(email) if user is None else email


def redeem(row: OneTimeToken) -> None:
    """Use it up. Of simultaneous calls exactly one succeeds; raises ``LinkInvalid`` for all others."""
    deleted, _of_which = _live().filter(pk=row.pk, digest=row.digest).delete()
    if not deleted:
        raise LinkInvalid


def revoke(user: AbstractBaseUser, *purposes: OneTimeToken.Purpose, using: str | None = None) -> None:
    """Revoke the user's links of these purposes. ``using`` is the database that the user was just saved to."""
    OneTimeToken.objects.using(using).filter(user=user.pk, purpose__in=purposes).delete()


def revoke_newer(row: OneTimeToken) -> None:
    """Revoke the links of the same user and purpose that were issued after this one."""
    OneTimeToken.objects.filter(user=row.user_id, purpose=row.purpose, pk__gt=row.pk).delete()


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete expired rows, batch by batch; yields the size of each."""
    return batches.delete(_expired(), batch_size)


def count_expired() -> int:
    """How many rows ``clear_expired`` would delete."""
    return _expired().count()


def _live() -> QuerySet[OneTimeToken]:
    return OneTimeToken.objects.filter(expires_at__gt=clock.now())


def _expired() -> QuerySet[OneTimeToken]:
    return OneTimeToken.objects.filter(expires_at__lte=clock.now())
