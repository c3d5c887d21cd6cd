"""Password hashers that do not take every password, as some libraries do not."""

from __future__ import annotations

from django.contrib.auth.hashers import MD5PasswordHasher

MD5 = "django.contrib.auth.hashers.MD5PasswordHasher"
NARROW = f"{__name__}.Narrow"
FRAIL = f"{__name__}.Frail"


class Narrow(MD5PasswordHasher):
    """Refuses what bcrypt refuses: more than 72 bytes, and NUL."""

    algorithm = "narrow"

    def encode(self, password: str, salt: str) -> str:
        if len(password.encode()) > 72 or "\0" in password:
            raise ValueError("password cannot be longer than 72 bytes")
        return super().encode(password, salt)


class HashingError(Exception):
    """Like that of argon2-cffi, which is neither a ValueError nor a TypeError."""


class Frail(MD5PasswordHasher):
    """Fails with an exception of its own library."""

    algorithm = "frail"

    def encode(self, password: str, salt: str) -> str:
        if len(password) > 72:
            raise HashingError(f"cannot hash {password}")
        return super().encode(password, salt)
