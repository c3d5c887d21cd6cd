"""Which devices a user has logged in from. A device is known by its User-Agent without version numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.base_user import AbstractBaseUser

from ..db import batches, clock
from ..db.transactions import atomic_with_retry
from ..identity import folding, user_model
from ..models import KnownDevice

REMEMBERED = timedelta(days=400)
"""How long after its last login a device is forgotten: as long as browsers keep a cookie at most."""
_SEEN_INTERVAL = timedelta(days=1)
_VERSION = re.compile(r"[\d._]+")
# User-Agents also name older programs and systems, so the first match counts.
_SYSTEMS = {
    "iphone": "iPhone",
    "ipad": "iPad",
    "android": "Android",
    "cros": "ChromeOS",
    "windows": "Windows",
    "macintosh": "macOS",
    "linux": "Linux",
}
_PROGRAMS = {
    "edg": "Edge",
    "opr/": "Opera",
    "firefox": "Firefox",
    "fxios": "Firefox",
    "chrome": "Chrome",
    "crios": "Chrome",
    "safari": "Safari",
}


def recognize(user_id: object, name: str) -> bool:
    """Whether the user has logged in from the device with this name; records that it was seen. One query."""
    at = clock.now()
    known = KnownDevice.objects.filter(digest=_digest(user_id, name)).first()
    if known is not None and at - known.seen_at >= _SEEN_INTERVAL:
        KnownDevice.objects.filter(pk=known.pk).update(seen_at=at)
    return known is not None


def remember(user: AbstractBaseUser, name: str) -> bool:
    """Record a login from the device with this name. Returns whether the device is new.

    Neither another version of the same program nor a user's first device counts as new. One query for a known device.
    """
    if recognize(user.pk, name):
        return False
    digest, at = _digest(user.pk, name), clock.now()

    def record() -> bool:
        # Under a lock: otherwise two simultaneous first logins would not see each other.
        if not user_model.lock(user):
            return False
        others = set(KnownDevice.objects.filter(user=user.pk).values_list("digest", flat=True))
        if digest not in others:
            KnownDevice.objects.create(user_id=user.pk, digest=digest, seen_at=at)
        return bool(others) and digest not in others

    return atomic_with_retry(record, KnownDevice)


def forget(user: AbstractBaseUser, name: str) -> None:
    """Forget the device with this name; its next login counts as new."""
    KnownDevice.objects.filter(digest=_digest(user.pk, name)).delete()


def forget_others(user: AbstractBaseUser, name: str) -> None:
    """Forget all devices of the user but the one with this name."""

    def replace() -> None:
        forget_all(user)
        remember(user, name)

    atomic_with_retry(replace, KnownDevice)


def forget_all(user: AbstractBaseUser) -> None:
    """Forget all devices of the user."""
    KnownDevice.objects.filter(user=user.pk).delete()


def describe(name: str) -> str:
    """The program and the system that a User-Agent names, such as "Firefox, Linux"; "" if none is known.

    Never the name itself: the client chose that, and it may contain advertising or a phishing link.
    """
    folded = name.lower()
    found = (next((name for key, name in names.items() if key in folded), None) for names in (_PROGRAMS, _SYSTEMS))
    return ", ".join(part for part in found if part)


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete devices that have not been seen for REMEMBERED, batch by batch; yields the size of each."""
    return batches.delete(KnownDevice.objects.filter(seen_at__lte=clock.now() - REMEMBERED), batch_size)


def _digest(user_id: object, name: str) -> bytes:
    return sha256(f"{user_id!s}:{_VERSION.sub('', folding.fold(name))}".encode()).digest()
