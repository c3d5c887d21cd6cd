"""A session's succession of secrets: one after the other, and what it means if an old one comes back."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..db import batches, clock
from ..db.deferred import after_request, durably
from ..db.transactions import atomic_with_retry
from ..exceptions import TokenInvalid
from ..models import AuthToken, RetiredToken
from . import format as token_format
from . import store
from .issuing import Issued

REUSE_GRACE = timedelta(seconds=10)
"""For requests that were under way when their token was rotated."""


@sensitive_variables()
def rotate(token: AuthToken, request: HttpRequest | None = None) -> Issued:
    """A new secret for the same session, which keeps its id and its end; the old secret dies in the same step.

    Of simultaneous rotations exactly one succeeds. Raises ``TokenInvalid`` for all others.
    """
    secret = token_format.generate(token_format.PREFIXES[AuthToken.Purpose(token.purpose)])
    fresh = token_format.digest(secret)

    def swap() -> None:
        if not AuthToken.objects.filter(pk=token.pk, digest=token.digest).update(digest=fresh):
            raise TokenInvalid
        RetiredToken.objects.create(token=token, digest=token.digest, retired_at=clock.now())

    atomic_with_retry(swap, AuthToken)
    token.digest = fresh
    signals.token_rotated.send(user=token.user, request=request, session=token.pk)
    return Issued(row=token, secret=secret)


def revoke_if_reused(digest: bytes, request: HttpRequest | None) -> None:
    """End the session that this secret was rotated away from, unless that was within REPLAY_GRACE. One query."""
    # A session that has ended is not found by the join.
    retired = RetiredToken.objects.using(store.primary()).select_related("token__user").filter(digest=digest).first()
    if retired is None or clock.now() - retired.retired_at <= REUSE_GRACE:
        return
    token = retired.token
    # Not by digest: it may be rotated once more in this moment, and the session must end all the same.
    family = AuthToken.objects.filter(pk=token.pk, created_at=token.created_at)
    ended, _rows = durably(family.delete, store.primary())
    if ended:
        after_request(
            lambda: signals.token_reused.send(user=token.user, request=request, session=token.pk), store.primary()
        )


def clear_retired(batch_size: int) -> None:
    """Delete the retired secrets of sessions that are no more."""
    theirs = AuthToken.objects.filter(pk=models.OuterRef("token_id"))
    orphans = RetiredToken.objects.using(store.primary()).filter(~models.Exists(theirs))
    for _batch in batches.delete(orphans, batch_size):
        pass
