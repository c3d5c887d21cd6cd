"""Find, insert and revoke tokens: the only module that queries AuthToken and RetiredToken.

Every token that ends before its time ends in ``revoke``, but for those that are deleted with their user by the foreign
key. Whatever remembers tokens elsewhere, such as a cache, has to know of that, of ``revoke`` and of ``replace_digest``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet

from ..db import batches, clock
from ..db.compiled import CompiledLookup
from ..db.deferred import after_request, durably
from ..db.transactions import atomic_with_retry
from ..models import AuthToken, RetiredToken
from . import lifetime

logger = logging.getLogger("django_simple_auth")

Purpose = AuthToken.Purpose

_ALL = Q()
_BATCH = 1000
_BY_DIGEST = CompiledLookup(AuthToken, "digest", "user")
_RETIRED_BY_DIGEST = CompiledLookup(RetiredToken, "digest", "token__user")


def find(digest: bytes) -> AuthToken | None:
    """The token with this digest, loaded with its user; expired or not. One query."""
    found: AuthToken | None = _BY_DIGEST.find(digest, AuthToken.objects.db)
    return found


def find_retired(digest: bytes) -> RetiredToken | None:
    """The digest that was rotated away from a token that has not ended, with that token and its user. One query."""
    found: RetiredToken | None = _RETIRED_BY_DIGEST.find(digest, RetiredToken.objects.db)
    return found


def live(user: AbstractBaseUser, purpose: AuthToken.Purpose, *order: str) -> list[AuthToken]:
    """The user's tokens of this purpose that have not expired. One query."""
    return list(_of(user, purpose).exclude(lifetime.expired(clock.now())).order_by(*order))


def keys_that_expire(after: datetime, until: datetime) -> Iterator[AuthToken]:
    """The API keys that expire after the one time and not after the other, each with its user."""
    keys = AuthToken.objects.filter(purpose=Purpose.KEY, expires_at__gt=after, expires_at__lte=until)
    yield from keys.select_related("user").order_by("pk")


def logins_above(limit: int, user: AbstractBaseUser) -> list[int]:
    """The ids of the user's logins, but for so many of the newest."""
    return list(_of(user, Purpose.LOGIN).order_by("-created_at", "-pk").values_list("pk", flat=True)[limit:])


def owners() -> Iterator[list[Any]]:
    """The primary keys of the users who have a token, expired or not, in batches."""
    users = AuthToken.objects.order_by("user_id").values_list("user_id", flat=True).distinct()
    batch = list(users[:_BATCH])
    while batch:
        yield batch
        batch = list(users.filter(user_id__gt=batch[-1])[:_BATCH])


def count_expired() -> int:
    """How many rows ``clear_expired`` would delete."""
    return _expired(clock.now()).count()


def has_expired(at: datetime, using: str) -> bool:
    """Whether this database still holds a token that had expired by then."""
    return _expired(at).using(using).exists()


def insert(row: AuthToken) -> None:
    """Write a token that is new. Raises ``IntegrityError`` if its user is NULL, or was deleted."""
    row.save(force_insert=True)


def record_use(row: AuthToken, at: datetime) -> None:
    """Record the use of a token, unless another request has done so within lifetime.USE_INTERVAL.

    A token that has ended meanwhile stays ended. Within a transaction it is done after the request, so that the row is
    not locked.
    """

    def write() -> None:
        try:
            AuthToken.objects.filter(pk=row.pk, last_used_at__lte=at - lifetime.USE_INTERVAL).update(last_used_at=at)
        except DatabaseError:
            # A valid token grants access whether or not this can be written.
            logger.warning("The last use of a token could not be recorded.", exc_info=True)

    after_request(write, AuthToken.objects.db)


def replace_digest(row: AuthToken, fresh: bytes) -> bool:
    """Give the token another digest and keep the old one as retired. False if it has another one already, or ended."""

    def swap() -> bool:
        replaced = AuthToken.objects.filter(pk=row.pk, digest=row.digest).update(digest=fresh)
        if replaced:
            RetiredToken.objects.create(token=row, digest=row.digest, retired_at=clock.now())
        return bool(replaced)

    return atomic_with_retry(swap, AuthToken)


def revoke(
    user: AbstractBaseUser, purpose: AuthToken.Purpose | None = None, which: Q = _ALL, *, using: str | None = None
) -> int:
    """End tokens of the user: all, those of one purpose, or those of them that ``which`` selects.

    Returns how many have ended by this call. Of simultaneous calls, one counts each token. ``using`` is the database
    that the user was just saved to.
    """
    _total, by_model = _of(user, purpose).using(using).filter(which).delete()
    # Not the total: a project's own rows may go with a token.
    return by_model.get(AuthToken._meta.label, 0)


def revoke_durably(row: AuthToken) -> int:
    """End this token, also where a transaction around the call is rolled back because the request is refused."""
    # By its digest it would outlive a rotation in this moment; by its id alone, another row that gets the same id
    # before this is repeated would end.
    this = Q(pk=row.pk, created_at=row.created_at)
    return durably(lambda: revoke(row.user, which=this), AuthToken.objects.db)


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete expired tokens, batch by batch; yields the size of each. May run twice at once, and beside logins.

    Not by ``revoke``: ``judge`` refuses an expired token wherever a copy of its row is kept.
    """
    yield from batches.delete(_expired(clock.now()), batch_size)
    orphans = RetiredToken.objects.filter(~Exists(AuthToken.objects.filter(pk=OuterRef("token_id"))))
    for _batch in batches.delete(orphans, batch_size):
        pass


def _of(user: AbstractBaseUser, purpose: AuthToken.Purpose | None) -> QuerySet[AuthToken]:
    rows = AuthToken.objects.filter(user=user.pk)
    return rows if purpose is None else rows.filter(purpose=purpose)


def _expired(at: datetime) -> QuerySet[AuthToken]:
    return AuthToken.objects.filter(lifetime.expired(at))
