"""A password's life: confirmed, changed, forgotten and chosen anew. Knows neither DRF nor HTTP bodies."""

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
from . import password_changes, reauthentication
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
    """Change the password. Every login but ``keep`` ends, and every API key as a rule.

    ``evidence`` may be the current password as a ``str``. Raises ``WrongCurrentPassword``, or what other evidence
    raises; ``InvalidValue`` for a new password that AUTH_PASSWORD_VALIDATORS refuse.
    """
    reauthenticated = reauthentication.reauthenticate(user, evidence, request)
    _check(new_password, user)
    reauthenticated.act(lambda: store(user, new_password, keep))
    signals.password_changed.send(user=user, request=request, way="change")


def request_reset(email: str, request: HttpRequest | None = None) -> None:
    """Send whoever has this address a link to ``reset``; to the address as it is stored, not as it was typed.

    The same is done where nobody has it, where the account is disabled, and where another system holds the password.
    """
    user = identifiers.holder("email", email)
    _send_reset(None if user is None or reset_error(user) else user, request)


def send_reset(user: AbstractBaseUser, request: HttpRequest | None = None) -> None:
    """Send the user a link to ``reset``, for staff and for programs of the host's, who choose no password for anybody.

    Raises a ``PasswordResetUnavailable`` if no letter can leave, by its cause.
    """
    if fault := reset_error(user):
        raise fault
    _send_reset(user, request)


def reset_error(user: AbstractBaseUser) -> PasswordResetUnavailable | None:
    """Why no link to ``reset`` can be sent to the user; None: one can."""
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
    """A new password for whoever got the link. Every login and every API key ends: they may be a stranger's.

    Raises ``LinkInvalid``, or ``InvalidValue`` for a new password that AUTH_PASSWORD_VALIDATORS refuse; the link stays
    good then. It also proves that the address is the user's.
    """
    row = links.find(token, Purpose.RESET)
    user: Any = row.user
    # Whoever has no usable password any more logs in elsewhere by now, and would get a second way in.
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
    """Save it, which ends every token but ``keep``. The calling service sends ``password_changed``."""
    with password_changes.announced(user, keep):
        user.set_password(password)
        user.save(update_fields=["password"])
