"""Issue a token."""

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
from . import store
from .format import PREFIXES

_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of control and format characters, lone surrogates, line and paragraph separators."""


@dataclass(frozen=True)
class Issued:
    """A new token. Its secret cannot be read later: only the digest is stored."""

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
    """Create a token. A login's expires after TOKEN_EXPIRED_AFTER_SECONDS, an API key's at ``expires_at``.

    ``owner`` is a subquery for the user's primary key, NULL where no token may be issued; then the INSERT raises
    ``IntegrityError``. ``name`` and ``ip_address`` are stored without unprintable characters and cut to the column's
    length.
    """
    secret = token_format.generate(PREFIXES[purpose])
    created = clock.now()
    if purpose == AuthToken.Purpose.LOGIN and (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        expires_at = created + timedelta(seconds=lifetime)
    # The type stubs know one user model; projects have their own.
    bearer: Any = user
    row = AuthToken(
        user_id=user.pk if owner is None else owner,
        purpose=purpose,
        digest=token_format.digest(secret),
        name=_fit("name", name),
        ip_address=_fit("ip_address", ip_address),
        scopes=scopes,
        created_at=created,
        expires_at=expires_at,
        last_used_at=created,
    )
    store.insert(row)
    row.user = bearer
    return Issued(row=row, secret=secret)


def printable(text: str) -> str:
    """The text without characters that break a line, a log or a database, or reverse the text around them."""
    return "".join(character for character in text if unicodedata.category(character) not in _UNPRINTABLE).strip()


def _fit(field: str, text: str) -> str:
    column: Any = AuthToken._meta.get_field(field)
    return printable(text)[: column.max_length]
