"""Replace a token's secret, and end the session if an old secret is used again."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..db import clock
from ..exceptions import TokenInvalid
from ..models import AuthToken
from . import format as token_format
from . import store
from .issuing import Issued

REUSE_GRACE = timedelta(seconds=10)
"""For requests that were under way when their token was rotated."""


@sensitive_variables()
def rotate(token: AuthToken, request: HttpRequest | None = None) -> Issued:
    """A new secret for the same session, which keeps its id and its expiry; the old secret is revoked in the same step.

    Of simultaneous rotations exactly one succeeds. Raises ``TokenInvalid`` for all others.
    """
    secret = token_format.generate(token_format.PREFIXES[AuthToken.Purpose(token.purpose)])
    fresh = token_format.digest(secret)
    if not store.replace_digest(token, fresh):
        raise TokenInvalid
    token.digest = fresh
    signals.token_rotated.send(user=token.user, request=request, session=token.pk)
    return Issued(row=token, secret=secret)


def revoke_if_reused(digest: bytes) -> AuthToken | None:
    """End the session that this digest was rotated away from, unless that was within REUSE_GRACE. One query.

    Returns the token that has ended by this call.
    """
    retired = store.find_retired(digest)
    if retired is None or clock.now() - retired.retired_at <= REUSE_GRACE:
        return None
    return retired.token if store.revoke_durably(retired.token) else None
