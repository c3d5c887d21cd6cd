"""A password's life: confirmed, changed, forgotten and chosen anew. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.db import router, transaction
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import events, identifiers, limits, mail, mailed, sessions, tokens, users
from .models import AuthToken, MailedSecret
from .refusals import (
    AccountInactive,
    AddressMissing,
    CredentialsOutdated,
    InvalidValue,
    LinkInvalid,
    PasswordElsewhere,
    ResetImpossible,
    WrongCurrentPassword,
)
from .transactions import transact

Purpose = MailedSecret.Purpose
_T = TypeVar("_T")
_held_back: ContextVar[list[Any] | None] = ContextVar("simple_auth_held_back", default=None)
_will_be_told: ContextVar[bool] = ContextVar("simple_auth_will_be_told", default=False)
_kept: ContextVar[AuthToken | None] = ContextVar("simple_auth_kept", default=None)


class _Improvable(Exception):
    """Raised in place of Django's write of a better hash."""


@sensitive_variables()
def check(ask: Callable[[], _T], password: str) -> _T:
    """What ``ask`` finds out about the password, without a better hash of it undoing a change in between.

    Django writes such a hash when it has found the password right, whatever the stored one is by then; a change that
    was made meanwhile would be lost, and the old password good again.
    """
    improvable: list[Any] = []
    before = _held_back.set(improvable)
    try:
        found = ask()
    except _Improvable:
        pass
    finally:
        _held_back.reset(before)
    # Not from the exception: a backend may have caught that, as it catches whatever goes wrong.
    if not improvable:
        return found
    user = improvable[-1]

    def improve() -> None:
        if not users.take_turns(user):
            return
        user.refresh_from_db(using=router.db_for_write(get_user_model()), fields=["password"])
        if check_password(password, user.password):
            user.password = make_password(password)
            user.save(update_fields=["password"])

    transact(improve, get_user_model())
    return ask()


def hold_back(instance: Any, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    """Receiver of ``pre_save``: within ``check``, Django does not write better hashes by itself."""
    held_back = _held_back.get()
    if held_back is not None and set(update_fields or ()) == {"password"} and isinstance(instance, get_user_model()):
        held_back.append(instance)
        raise _Improvable


def follow(
    instance: Any, created: bool, raw: bool, using: str, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    """Receiver of ``post_save``: wherever a password is changed, in the admin or by a command, other tokens end.

    And it is told, unless the service that does it tells it. A better hash of the same password is no change: Django
    then forgets what was set before it saves.
    """
    if raw or created or not isinstance(instance, get_user_model()) or getattr(instance, "_password", None) is None:
        return
    if update_fields is None or "password" in update_fields:
        sessions.end_others(instance, _kept.get())
        mailed.withdraw(instance, *mailed.OVERTAKEN)
        if not _will_be_told.get():
            transaction.on_commit(lambda: events.password_changed.tell(instance, way="elsewhere"), using=using)


@sensitive_variables()
def confirm(user: AbstractBaseUser, current_password: str, request: HttpRequest | None = None) -> None:
    """Whoever holds a login shows that he knows the password, too. Raises ``WrongCurrentPassword``.

    Counted per account, before hashing: a stolen login must not be a place to guess the password at.
    """
    limits.take("current_password", str(user.pk), request=request)
    if not check(lambda: user.check_password(current_password), current_password):
        events.login_refused.tell(user, request, code=WrongCurrentPassword.code)
        raise WrongCurrentPassword


@sensitive_variables()
def act_on(user: AbstractBaseUser, confirmed: str, act: Callable[[], _T]) -> _T:
    """Act in a transaction of the user's own, in which the password is still the one that has been confirmed.

    Raises ``WrongCurrentPassword`` if it was changed meanwhile, or the account has ended.
    """

    def act_in_turn() -> _T:
        if not users.take_turns(user, password=user.password):
            raise CredentialsOutdated
        return act()

    try:
        return transact(act_in_turn, AuthToken)
    except CredentialsOutdated:
        # Another password; or only a better hash of the same one, which a login at the same time has written.
        user.password = users.everybody().filter(pk=user.pk).values_list("password", flat=True).first() or ""
        if not check(lambda: user.check_password(confirmed), confirmed):
            raise WrongCurrentPassword from None
    try:
        return transact(act_in_turn, AuthToken)
    except CredentialsOutdated:
        raise WrongCurrentPassword from None


@sensitive_variables()
def change(
    user: AbstractBaseUser,
    current_password: str,
    new_password: str,
    keep: AuthToken | None = None,
    request: HttpRequest | None = None,
) -> None:
    """A new password for whoever knows the old one. Every login but ``keep`` ends, and every API key as a rule.

    Raises ``WrongCurrentPassword``, or ``InvalidValue`` for a new password that AUTH_PASSWORD_VALIDATORS refuse.
    """
    confirm(user, current_password, request)
    _check(new_password, user)

    def replace() -> None:
        kept = _kept.set(keep)
        try:
            store(user, new_password)
        finally:
            _kept.reset(kept)

    act_on(user, current_password, replace)
    events.password_changed.tell(user, request, way="change")


def ask_reset(email: str, request: HttpRequest | None = None) -> None:
    """Send whoever has this address a link to ``reset``; to the address as it is stored, not as it was typed.

    The same is done where nobody has it, where the account is disabled, and where another system holds the password.
    """
    user = identifiers.holder("email", email)
    _send_reset(None if user is None or reset_fault(user) else user, request)


def send_reset(user: AbstractBaseUser, request: HttpRequest | None = None) -> None:
    """Send the user a link to ``reset``, for staff and for programs of the host's, who choose no password for anybody.

    Raises a ``ResetImpossible`` if no letter can leave, by its cause.
    """
    if fault := reset_fault(user):
        raise fault
    _send_reset(user, request)


def reset_fault(user: AbstractBaseUser) -> ResetImpossible | None:
    """Why no link to ``reset`` can be sent to the user; None: one can."""
    if not user.is_active:
        return AccountInactive()
    if not user.has_usable_password():
        return PasswordElsewhere()
    return None if users.address(user) else AddressMissing()


def _send_reset(user: AbstractBaseUser | None, request: HttpRequest | None) -> None:
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
    # Whoever has no usable password any more logs in elsewhere by now, and would get a second way in.
    if user is None or not user.has_usable_password() or not identifiers.bears(user, "email", row.address):
        raise LinkInvalid
    _check(new_password, user)

    def replace() -> None:
        if not users.take_turns(user):
            raise LinkInvalid
        mailed.redeem(row)
        store(user, new_password)
        AuthToken.objects.filter(user=user.pk).delete()
        mailed.withdraw(user, Purpose.CHANGE)
        identifiers.mark_verified(user, row.address, tokens.now())

    transact(replace, AuthToken)
    events.password_changed.tell(user, request, way="reset")
    owner: AbstractBaseUser = user
    return owner


@sensitive_variables()
def _check(password: str, user: Any) -> None:
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise InvalidValue("new_password", error) from None


@sensitive_variables()
def store(user: AbstractBaseUser, password: str) -> None:
    """Write it; the service that calls this tells what it was for."""
    told = _will_be_told.set(True)
    try:
        user.set_password(password)
        user.save(update_fields=["password"])
    finally:
        _will_be_told.reset(told)
