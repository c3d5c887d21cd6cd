"""What a token looks like, and the digest that is stored of it.

``<prefix>_<43 base62 characters of 256 random bits><6 base62 characters of CRC-32>``. The prefix names the purpose
before any look-up and lets secret scanners find leaks; the checksum, over everything before it, rejects typos and
junk without a query. Neither is secret.
"""

from __future__ import annotations

import secrets
import zlib
from hashlib import sha256

from ..models import AuthToken

PREFIXES = {AuthToken.Purpose.LOGIN: "dsa", AuthToken.Purpose.KEY: "dsk"}

_PURPOSES = {f"{prefix}_": purpose for purpose, prefix in PREFIXES.items()}
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_CHARACTERS = 43
_CHECKSUM_CHARACTERS = 6
LENGTH = len("dsa_") + _RANDOM_CHARACTERS + _CHECKSUM_CHARACTERS


def generate(prefix: str) -> str:
    body = f"{prefix}_{_base62(secrets.randbits(256), _RANDOM_CHARACTERS)}"
    return body + _checksum(body)


def purpose_of(secret: str) -> AuthToken.Purpose | None:
    """The purpose that the prefix names; None if the token is not one of ours."""
    return _PURPOSES.get(secret[:4])


def is_well_formed(secret: str) -> bool:
    """Whether length and checksum are right. No query."""
    if len(secret) != LENGTH or not secret.isascii():
        return False
    body, checksum = secret[:-_CHECKSUM_CHARACTERS], secret[-_CHECKSUM_CHARACTERS:]
    return _checksum(body) == checksum


def digest(secret: str) -> bytes:
    """SHA-256. A slow hash would protect nothing more: 256 random bits cannot be guessed."""
    return sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
