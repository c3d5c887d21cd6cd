"""Issue a token: the only moment at which its secret is known."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Subquery

from ..conf import conf
from ..db import clock
from ..models import AuthToken
from . import format as token_format
from .format import PREFIXES

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of what would break a line, a log or a database, or turn the text around it."""


@dataclass(frozen=True)
class Issued:
    """A fresh token: the only moment at which its secret is known."""

    row: AuthToken
    secret: str = field(repr=False)


def issue(
    user: AbstractBaseUser,
    purpose: AuthToken.Purpose = AuthToken.Purpose.LOGIN,
    *,
    owner: Subquery | None = None,
    name: str = "",
    ip_address: str = "",
    scopes: str = "",
    expires_at: datetime | None = None,
) -> Issued:
    """Make and store a token. A login's lives TOKEN_EXPIRED_AFTER_SECONDS, a key's until ``expires_at``.

    ``owner`` finds the user's key, or NULL if there must be no token. Of ``name`` and ``ip_address`` is kept what can
    be printed and has room.
    """
    secret = token_format.generate(PREFIXES[purpose])
    created = clock.now()
    if purpose == AuthToken.Purpose.LOGIN and (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        expires_at = created + timedelta(seconds=lifetime)
    # The stubs know one user model; hosts have many.
    bearer: Any = user
    row = AuthToken(
        user_id=user.pk if owner is None else owner,
        purpose=purpose,
        digest=token_format.digest(secret),
        name=_kept("name", name),
        ip_address=_kept("ip_address", ip_address),
        scopes=scopes,
        created_at=created,
        expires_at=expires_at,
        last_used_at=created,
    )
    row.save(force_insert=True)
    row.user = bearer
    return Issued(row=row, secret=secret)


def printable(text: str) -> str:
    """What a stranger chose to send, without what would break a line, a log or a database, or turn the text around."""
    return "".join(character for character in text if unicodedata.category(character) not in _UNPRINTABLE).strip()


def _kept(field: str, text: str) -> str:
    column: Any = AuthToken._meta.get_field(field)
    return printable(text)[: column.max_length]
