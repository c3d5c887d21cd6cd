"""E-mails that tell users what was done to their account, so that they notice when somebody else did it.

``accounts.emails`` sends the one about a changed e-mail address, because it carries the revert link.
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
    """Connect the receivers that send the notifications in SIMPLE_AUTH["NOTIFICATIONS"]."""
    signals.password_changed.connect(_notify_password_changed, dispatch_uid="simple_auth.notifications")
    signals.key_created.connect(_notify_key_created, dispatch_uid="simple_auth.notifications")
    signals.key_deleted.connect(_notify_key_deleted, dispatch_uid="simple_auth.notifications")
    signals.logged_in.connect(_notify_new_device, dispatch_uid="simple_auth.notifications")


def _notify_password_changed(user: AbstractBaseUser, way: str, request: HttpRequest | None, **facts: Any) -> None:
    _notify("password", "password_changed", user)
    if way == "reset" and "login" in conf.NOTIFICATIONS:
        # An attacker may have logged in before the reset, and their device must not stay a known one.
        known_devices.forget_others(user, "" if request is None else request.META.get("HTTP_USER_AGENT", ""))


def _notify_key_created(user: AbstractBaseUser, **facts: Any) -> None:
    _notify("key", "key_created", user)


def _notify_key_deleted(user: AbstractBaseUser, **facts: Any) -> None:
    _notify("key", "key_deleted", user)


def _notify_new_device(user: AbstractBaseUser, device: str | None = None, ip_address: str = "", **facts: Any) -> None:
    # A contract without tokens sends no device, and its logins grant no access.
    if device is not None:
        _notify(
            "login",
            "new_device",
            user,
            device=device,
            browser=known_devices.describe(device),
            ip_address=ip_address,
            time=f"{clock.now():%Y-%m-%d %H:%M} UTC",
        )


def _notify(notification: str, message: str, user: AbstractBaseUser, **facts: str) -> None:
    if notification in conf.NOTIFICATIONS:
        delivery.send(message, user, **facts)
