"""What a token looks like, what is kept of it, and how long it lives.

``<prefix>_<43 base62 characters of 256 random bits><6 base62 characters of CRC-32>``. The prefix names the purpose
before any look-up and lets secret scanners find leaks; the checksum, over all that stands before it, throws typos and
junk away without touching the database. Neither is a secret.
"""

from __future__ import annotations

import secrets
import unicodedata
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router
from django.db.models import Q, Subquery

from .conf import conf
from .models import AuthToken

PREFIXES = {AuthToken.Purpose.LOGIN: "dsa", AuthToken.Purpose.KEY: "dsk"}

_PURPOSES = {f"{prefix}_": purpose for purpose, prefix in PREFIXES.items()}
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_CHARACTERS = 43
_CHECKSUM_CHARACTERS = 6
LENGTH = len("dsa_") + _RANDOM_CHARACTERS + _CHECKSUM_CHARACTERS
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories of what would break a line, a log or a database, or turn the text around it."""


@dataclass(frozen=True)
class Issued:
    """A fresh token: the only moment at which its secret is known."""

    row: AuthToken
    secret: str = field(repr=False)


def generate(prefix: str) -> str:
    body = f"{prefix}_{_base62(secrets.randbits(256), _RANDOM_CHARACTERS)}"
    return body + _checksum(body)


def purpose_of(secret: str) -> AuthToken.Purpose | None:
    """What the prefix says; None for somebody else's token."""
    return _PURPOSES.get(secret[:4])


def is_well_formed(secret: str) -> bool:
    """Whether a token of ours may look like this. Costs no query."""
    if len(secret) != LENGTH or not secret.isascii():
        return False
    body, checksum = secret[:-_CHECKSUM_CHARACTERS], secret[-_CHECKSUM_CHARACTERS:]
    return _checksum(body) == checksum


def digest(secret: str) -> bytes:
    """SHA-256. A slow hash would protect nothing more: 256 random bits cannot be guessed."""
    return sha256(secret.encode()).digest()


def issue(
    user: AbstractBaseUser,
    purpose: AuthToken.Purpose = AuthToken.Purpose.LOGIN,
    *,
    owner: Subquery | None = None,
    name: str = "",
    address: str = "",
    scopes: str = "",
    expires_at: datetime | None = None,
) -> Issued:
    """Make and store a token. A login's lives TOKEN_EXPIRED_AFTER_SECONDS, a key's until ``expires_at``.

    ``owner`` finds the user's key, or NULL if there must be no token. Of ``name`` and ``address`` is kept what can be
    printed and has room.
    """
    secret = generate(PREFIXES[purpose])
    created = now()
    if purpose == AuthToken.Purpose.LOGIN and (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        expires_at = created + timedelta(seconds=lifetime)
    # The stubs know one user model; hosts have many.
    bearer: Any = user
    row = AuthToken(
        user_id=user.pk if owner is None else owner,
        purpose=purpose,
        digest=digest(secret),
        name=_kept("name", name),
        address=_kept("address", address),
        scopes=scopes,
        created_at=created,
        expires_at=expires_at,
        last_used_at=created,
    )
    row.save(force_insert=True)
    row.user = bearer
    return Issued(row=row, secret=secret)


def expired(at: datetime) -> Q:
    """The rows that are dead at that time: by the expiry they were given, or by today's settings."""
    dead = Q(expires_at__lte=at)
    login = Q(purpose=AuthToken.Purpose.LOGIN)
    if (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        dead |= login & Q(created_at__lte=at - timedelta(seconds=lifetime))
    if (idle := conf.TOKEN_IDLE_SECONDS) is not None:
        dead |= login & Q(last_used_at__lte=at - timedelta(seconds=idle))
    return dead


def is_expired(row: AuthToken, at: datetime) -> bool:
    """What ``expired`` asks of the database, asked of one row."""
    return (end := ends_at(row)) is not None and end <= at


def ends_at(row: AuthToken) -> datetime | None:
    """The first of the ends that await the token if it is not used again; None: it has none."""
    ends = [] if (latest := ends_at_latest(row)) is None else [latest]
    if row.purpose == AuthToken.Purpose.LOGIN and (idle := conf.TOKEN_IDLE_SECONDS) is not None:
        ends.append(row.last_used_at + timedelta(seconds=idle))
    return min(ends, default=None)


def ends_at_latest(row: AuthToken) -> datetime | None:
    """The end that awaits the token however much it is used; None: it has none."""
    ends = [] if row.expires_at is None else [row.expires_at]
    if row.purpose == AuthToken.Purpose.LOGIN and (lifetime := conf.TOKEN_EXPIRED_AFTER_SECONDS) is not None:
        ends.append(row.created_at + timedelta(seconds=lifetime))
    return min(ends, default=None)


def primary() -> str:
    """Where tokens are written. They are read there, too: a replica may not know the latest login or logout yet."""
    return router.db_for_write(AuthToken)


def now() -> datetime:
    """Aware, whatever USE_TZ says."""
    return datetime.now(timezone.utc)


def printable(text: str) -> str:
    """What a stranger chose to send, without what would break a line, a log or a database, or turn the text around."""
    return "".join(character for character in text if unicodedata.category(character) not in _UNPRINTABLE).strip()


def _kept(field: str, text: str) -> str:
    column: Any = AuthToken._meta.get_field(field)
    return printable(text)[: column.max_length]


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
