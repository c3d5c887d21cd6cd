"""Passwords that a hasher cannot take: bcrypt refuses more than 72 bytes and NUL, others have other limits."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from traceback import walk_tb

from django.contrib.auth import hashers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ..exceptions import InvalidValue

logger = logging.getLogger("django_simple_auth")

_STAND_IN = "taken by every hasher"


class Unhashable(Exception):
    """A hasher failed with this password. Without the hasher's own text, which may quote the password."""


@contextmanager
def guard() -> Iterator[None]:
    """Raise ``Unhashable`` instead of whatever a password hasher raises in this block."""
    try:
        yield
    except Exception as error:
        if not _comes_from_a_hasher(error):
            raise
        logger.warning("A password hasher could not take a password: %s", type(error).__name__)
        raise Unhashable from None


@contextmanager
def storing(field: str) -> Iterator[None]:
    """Raise ``InvalidValue`` about ``field`` if the password that is stored in this block cannot be hashed."""
    try:
        with guard():
            yield
    except Unhashable:
        text = _("This password cannot be used: it is too long or has an unsupported character. Choose another one.")
        raise InvalidValue(field, ValidationError(text, "password_unhashable")) from None


@sensitive_variables()
def spend(password: str) -> None:
    """Hash the password for nothing, so that the response time does not disclose that no user has it."""
    try:
        with guard():
            hashers.make_password(password)
    except Unhashable:
        spend_stand_in()


def spend_stand_in() -> None:
    """Run the hasher once instead of the run that failed, so that an unhashable password takes as long as any other."""
    hashers.make_password(_STAND_IN)


def _comes_from_a_hasher(error: Exception) -> bool:
    # By its traceback: hashers raise the exceptions of any library, and what a backend or a receiver of the project
    # raises must not be taken for a wrong password. Django calls hashers only from its own module. Where the last frame
    # there is that of check_password(), it was saving an upgraded hash, which is the project's code again.
    frames = (frame for frame, _line in walk_tb(error.__traceback__))
    names = [frame.f_code.co_name for frame in frames if frame.f_globals.get("__name__") == hashers.__name__]
    return bool(names) and names[-1] != hashers.check_password.__name__
