"""A password's life: confirmed, changed, forgotten and chosen anew. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import events, identifiers, limits, mail, mailed, sessions, tokens, users
from .models import AuthToken, MailedSecret
from .refusals import InvalidValue, LinkInvalid, WrongCurrentPassword
from .transactions import transact

Purpose = MailedSecret.Purpose


@sensitive_variables()
def confirm(user: AbstractBaseUser, current_password: str, request: HttpRequest | None = None) -> None:
    """Whoever holds a login shows that he knows the password, too. Raises ``WrongCurrentPassword``.

    Counted per account, before hashing: a stolen login must not be a place to guess the password at.
    """
    limits.take("current_password", str(user.pk))
    if not user.check_password(current_password):
        events.password_change_refused.tell(user, request)
        raise WrongCurrentPassword


@sensitive_variables()
def change(
    user: AbstractBaseUser,
    current_password: str,
    new_password: str,
    keep: AuthToken | None = None,
    request: HttpRequest | None = None,
) -> None:
    """A new password for whoever knows the old one. Every other login than ``keep`` ends; API keys stay.

    Raises ``WrongCurrentPassword``, or ``InvalidValue`` for a new password that AUTH_PASSWORD_VALIDATORS refuse.
    """
    confirm(user, current_password, request)
    _check(new_password, user)
    confirmed = user.password

    def replace() -> None:
        # Of two changes at once, the second one has confirmed what is no longer the password.
        if not users.take_turns(user, password=confirmed):
            raise WrongCurrentPassword
        _set(user, new_password)
        sessions.end_others(user, keep)
        mailed.withdraw(user, Purpose.RESET, Purpose.CHANGE)

    transact(replace, AuthToken)
    events.password_changed.tell(user, request)


def ask_reset(email: str, request: HttpRequest | None = None) -> None:
    """Send whoever has this address a link to ``reset``; to the address as it is stored, not as it was typed.

    The same is done where nobody has it, where the account is disabled, and where another system holds the password.
    """
    user = identifiers.holder("email", email)
    if user is not None and not (user.is_active and user.has_usable_password()):
        user = None
    mail.send("reset", user)
    events.reset_asked.tell(user, request)


@sensitive_variables()
def reset(token: str, new_password: str, request: HttpRequest | None = None) -> AbstractBaseUser:
    """A new password for whoever got the link. Every login and every API key ends: they may be a stranger's.

    Raises ``LinkInvalid``, or ``InvalidValue`` for a new password that AUTH_PASSWORD_VALIDATORS refuse; the link stays
    good then. It also proves that the address is the user's.
    """
    row = mailed.find(token, Purpose.RESET)
    user: Any = row.user
    if user is None or not identifiers.bears(user, "email", row.address):
        raise LinkInvalid
    _check(new_password, user)

    def replace() -> None:
        if not users.take_turns(user):
            raise LinkInvalid
        mailed.redeem(row)
        _set(user, new_password)
        AuthToken.objects.filter(user=user.pk).delete()
        mailed.withdraw(user, Purpose.CHANGE)
        identifiers.mark_verified(user, row.address, tokens.now())

    transact(replace, AuthToken)
    events.password_changed.tell(user, request)
    owner: AbstractBaseUser = user
    return owner


@sensitive_variables()
def _check(password: str, user: Any) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise InvalidValue("new_password", error) from None


@sensitive_variables()
def _set(user: AbstractBaseUser, password: str) -> None:
    user.set_password(password)
    user.save(update_fields=["password"])
