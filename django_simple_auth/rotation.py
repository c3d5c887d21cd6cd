"""A session's succession of secrets: one after the other, and what it means if an old one comes back."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import batches, events, tokens
from .durable import afterwards, durably
from .models import AuthToken, RetiredToken
from .refusals import TokenInvalid
from .tokens import Issued
from .transactions import transact

REPLAY_GRACE = timedelta(seconds=10)
"""For requests that were under way when their token was rotated."""


@sensitive_variables()
def rotate(token: AuthToken, request: HttpRequest | None = None) -> Issued:
    """A new secret for the same session, which keeps its id and its end; the old secret dies in the same step.

    Of simultaneous rotations exactly one succeeds. Raises ``TokenInvalid`` for all others.
    """
    secret = tokens.generate(tokens.PREFIXES[AuthToken.Purpose(token.purpose)])
    fresh = tokens.digest(secret)

    def swap() -> None:
        if not AuthToken.objects.filter(pk=token.pk, digest=token.digest).update(digest=fresh):
            raise TokenInvalid
        RetiredToken.objects.create(token=token, digest=token.digest, retired_at=tokens.now())

    transact(swap, AuthToken)
    token.digest = fresh
    events.token_rotated.tell(token.user, request, session=token.pk)
    return Issued(row=token, secret=secret)


def end_if_replayed(digest: bytes, request: HttpRequest | None) -> None:
    """End the session that this secret was rotated away from, unless that was within REPLAY_GRACE. One query."""
    # A session that has ended is not found by the join.
    retired = RetiredToken.objects.using(tokens.primary()).select_related("token__user").filter(digest=digest).first()
    if retired is None or tokens.now() - retired.retired_at <= REPLAY_GRACE:
        return
    token = retired.token
    # Not by digest: it may be rotated once more in this moment, and the session must end all the same.
    family = AuthToken.objects.filter(pk=token.pk, created_at=token.created_at)
    ended, _rows = durably(family.delete, tokens.primary())
    if ended:
        afterwards(lambda: events.token_replayed.tell(token.user, request, session=token.pk), tokens.primary())


def clear_retired(batch_size: int) -> None:
    """Delete the retired secrets of sessions that are no more."""
    theirs = AuthToken.objects.filter(pk=models.OuterRef("token_id"))
    orphans = RetiredToken.objects.using(tokens.primary()).filter(~models.Exists(theirs))
    for _batch in batches.delete(orphans, batch_size):
        pass
