"""Letters that tell the owner what was done to the account, so that somebody else's doing does not go unnoticed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from . import events, mail
from .conf import conf


def attach() -> None:
    """Let the events be heard that SIMPLE_AUTH["NOTICES"] may ask a letter for."""
    events.password_changed.connect(_tell_of_password, dispatch_uid="simple_auth.notices")
    events.key_created.connect(_tell_of_new_key, dispatch_uid="simple_auth.notices")
    events.key_deleted.connect(_tell_of_deleted_key, dispatch_uid="simple_auth.notices")


def _tell_of_password(user: AbstractBaseUser, **facts: Any) -> None:
    _tell("password", "password_changed", user)


def _tell_of_new_key(user: AbstractBaseUser, **facts: Any) -> None:
    _tell("key", "key_created", user)


def _tell_of_deleted_key(user: AbstractBaseUser, **facts: Any) -> None:
    _tell("key", "key_deleted", user)


def _tell(notice: str, letter: str, user: AbstractBaseUser) -> None:
    if notice in conf.NOTICES:
        mail.send(letter, user)
