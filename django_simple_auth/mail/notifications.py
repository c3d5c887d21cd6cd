"""Letters that tell the owner what was done to the account, so that somebody else's doing does not go unnoticed.

That the address was changed is told by the letter with the way back, which belongs to the change.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from .. import signals
from ..conf import conf
from ..db import clock
from . import delivery, known_devices


def connect() -> None:
    """Let the events be heard that SIMPLE_AUTH["NOTIFICATIONS"] may ask a letter for."""
    signals.password_changed.connect(_tell_of_password, dispatch_uid="simple_auth.notices")
    signals.key_created.connect(_tell_of_new_key, dispatch_uid="simple_auth.notices")
    signals.key_deleted.connect(_tell_of_deleted_key, dispatch_uid="simple_auth.notices")
    signals.logged_in.connect(_tell_of_login, dispatch_uid="simple_auth.notices")


def _tell_of_password(user: AbstractBaseUser, way: str, request: HttpRequest | None, **facts: Any) -> None:
    _tell("password", "password_changed", user)
    if way == "reset" and "login" in conf.NOTIFICATIONS:
        # Whoever had to take his account back wants to hear of whoever else was known to it.
        known_devices.forget_others(user, "" if request is None else request.META.get("HTTP_USER_AGENT", ""))


def _tell_of_new_key(user: AbstractBaseUser, **facts: Any) -> None:
    _tell("key", "key_created", user)


def _tell_of_deleted_key(user: AbstractBaseUser, **facts: Any) -> None:
    _tell("key", "key_deleted", user)


def _tell_of_login(user: AbstractBaseUser, device: str | None = None, ip_address: str = "", **facts: Any) -> None:
    # A contract without tokens knows no devices, and its logins open nothing.
    if device is not None:
        at = f"{clock.now():%Y-%m-%d %H:%M} UTC"
        _tell(
            "login",
            "login",
            user,
            device=device,
            described=known_devices.describe(device),
            ip_address=ip_address,
            at=at,
        )


def _tell(notice: str, letter: str, user: AbstractBaseUser, **facts: str) -> None:
    if notice in conf.NOTIFICATIONS:
        delivery.send(letter, user, **facts)
