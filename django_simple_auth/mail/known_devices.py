"""Where users have logged in from, as far as one device can be told from another by what it calls itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router
from django.db.models import QuerySet

from ..db import batches, clock
from ..db.transactions import atomic_with_retry
from ..identity import folding, user_model
from ..models import KnownDevice

REMEMBERED = timedelta(days=400)
"""Since its last login; as long as a browser keeps a cookie at most."""
_SEEN_INTERVAL = timedelta(days=1)
_VERSION = re.compile(r"[\d._]+")
# Each names those that came before it, so the first that is found is meant.
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


def remember(user: AbstractBaseUser, name: str) -> bool:
    """Note that the user has logged in from the device of this name; whether that is news.

    Another version of the same program is no news, and neither is the first device of all. One query where it is known.
    """
    digest, at = _digest(user, name), clock.now()
    if (known := _rows().filter(digest=digest).first()) is not None:
        if at - known.seen_at >= _SEEN_INTERVAL:
            _rows().filter(pk=known.pk).update(seen_at=at)
        return False

    def note() -> bool:
        # In turns: of the first two at once, neither would see the other one.
        if not user_model.lock(user):
            return False
        others = set(_rows().filter(user=user.pk).values_list("digest", flat=True))
        if digest not in others:
            KnownDevice.objects.create(user_id=user.pk, digest=digest, seen_at=at)
        return bool(others) and digest not in others

    return atomic_with_retry(note, KnownDevice)


def forget(user: AbstractBaseUser, name: str) -> None:
    """The next login from the device of this name will be news."""
    _rows().filter(digest=_digest(user, name)).delete()


def forget_others(user: AbstractBaseUser, name: str) -> None:
    """Whoever logs in from any other device than this one will be news."""

    def replace() -> None:
        _rows().filter(user=user.pk).delete()
        remember(user, name)

    atomic_with_retry(replace, KnownDevice)


def describe(name: str) -> str:
    """The program and the system that a User-Agent names, such as "Firefox, Linux"; "" if it names none that is known.

    Nothing of the name itself: whoever logs in has chosen that, and it may be an advertisement, or a trap.
    """
    folded = name.lower()
    found = (next((word for key, word in words.items() if key in folded), None) for words in (_PROGRAMS, _SYSTEMS))
    return ", ".join(word for word in found if word)


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete those that have not been seen for REMEMBERED, batch by batch; yields the size of each."""
    return batches.delete(_rows().filter(seen_at__lte=clock.now() - REMEMBERED), batch_size)


def _digest(user: AbstractBaseUser, name: str) -> bytes:
    return sha256(f"{user.pk}:{_VERSION.sub('', folding.fold(name))}".encode()).digest()


def _rows() -> QuerySet[KnownDevice]:
    # Never from a replica, which may not know yet who has just been there.
    return KnownDevice.objects.using(router.db_for_write(KnownDevice))
