"""Change and reset passwords. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

from typing import Any, TypeVar

from django.contrib.auth import password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..db import clock
from ..db.transactions import atomic_with_retry
from ..exceptions import (
    AccountInactive,
    EmailMissing,
    InvalidValue,
    LinkInvalid,
    PasswordResetUnavailable,
    UnusablePassword,
)
from ..identity import identifiers, user_model
from ..mail import delivery
from ..models import AuthToken, OneTimeToken
from ..tokens import links
from ..tokens import store as token_store
from . import hashing, password_changes, reauthentication
from .reauthentication import Evidence

Purpose = OneTimeToken.Purpose
_T = TypeVar("_T")


@sensitive_variables()
def change(
    user: AbstractBaseUser,
    evidence: Evidence | str,
    new_password: str,
    keep: AuthToken | None = None,
    request: HttpRequest | None = None,
) -> None:
    """Change the password. All logins but ``keep`` end, and all API keys unless KEEP_KEYS_ON_CHANGE.

    ``evidence`` is the current password as a ``str``, or other evidence. Raises ``WrongCurrentPassword``, or what other
    evidence raises; ``InvalidValue`` for a new password that AUTH_PASSWORD_VALIDATORS or the hasher refuse.
    """
    reauthenticated = reauthentication.reauthenticate(user, evidence, request)
    _check(new_password, user)
    reauthenticated.act(lambda: store(user, new_password, keep))
    signals.password_changed.send(user=user, request=request, way="change")


def request_reset(email: str, request: HttpRequest | None = None) -> None:
    """Send the user with this address a reset link, to the address as it is stored, not as it was typed.

    The work is the same if no user has it, if the account is disabled, and if it has an unusable password.
    """
    user = identifiers.holder("email", email)
    _send_reset(None if user is None or reset_error(user) else user, request)


def send_reset(user: AbstractBaseUser, request: HttpRequest | None = None) -> None:
    """Send the user a reset link, from the admin or your project's code, which never need to choose a password.

    Raises the subclass of ``PasswordResetUnavailable`` that names why no e-mail can be sent.
    """
    if error := reset_error(user):
        raise error
    _send_reset(user, request)


def reset_error(user: AbstractBaseUser) -> PasswordResetUnavailable | None:
    """The exception that names why the user cannot be sent a reset link; None if they can."""
    if not user.is_active:
        return AccountInactive()
    if not user.has_usable_password():
        return UnusablePassword()
    return None if user_model.email_of(user) else EmailMissing()


def _send_reset(user: AbstractBaseUser | None, request: HttpRequest | None) -> None:
    delivery.send("reset", user)
    signals.password_reset_requested.send(user=user, request=request)


@sensitive_variables()
def reset(token: str, new_password: str, request: HttpRequest | None = None) -> AbstractBaseUser:
    """Set a new password with the token from a reset link; returns the user. Also verifies the e-mail address.

    All logins and API keys end, because an attacker may have created them. Raises ``LinkInvalid``, or ``InvalidValue``
    for a new password that AUTH_PASSWORD_VALIDATORS or the hasher refuse; the link stays valid then.
    """
    row = links.find(token, Purpose.RESET)
    user: Any = row.user
    # A user whose password has become unusable logs in with another system; a reset would be a second way in.
    if user is None or not user.has_usable_password() or not identifiers.has(user, "email", row.email):
        raise LinkInvalid
    _check(new_password, user)

    def replace() -> None:
        if not user_model.lock(user):
            raise LinkInvalid
        links.redeem(row)
        store(user, new_password)
        token_store.revoke(user)
        links.revoke(user, Purpose.CHANGE)
        identifiers.mark_verified(user, row.email, clock.now())

    atomic_with_retry(replace, AuthToken)
    signals.password_changed.send(user=user, request=request, way="reset")
    owner: AbstractBaseUser = user
    return owner


@sensitive_variables()
def _check(password: str, user: Any) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise InvalidValue("new_password", error) from None


@sensitive_variables()
def store(user: AbstractBaseUser, password: str, keep: AuthToken | None = None) -> None:
    """Save the password, which ends every token but ``keep``. The caller sends ``password_changed``.

    Raises ``InvalidValue`` for a password that cannot be hashed.
    """
    with password_changes.announced(user, keep), hashing.storing("new_password"):
        user.set_password(password)
        user.save(update_fields=["password"])
