"""An account's life: made, entered, changed, ended. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

import copy

from django.contrib.auth import authenticate as ask_backends
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError
from django.db.models import ProtectedError, RestrictedError
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from . import events, identifiers, passwords, users
from .conf import conf
from .details import TAKEN, Details
from .models import AuthToken, KnownDevice, MailedSecret, Presence
from .refusals import (
    AccountDisabled,
    AccountInUse,
    EmailUnverified,
    InvalidCredentials,
    Several,
    TokenInvalid,
    UnknownUser,
    WrongPassword,
)
from .registration import faults, invite, register, register_unseen
from .transactions import transact

__all__ = ["authenticate", "delete", "faults", "invite", "register", "register_unseen", "update"]


def update(
    user: AbstractBaseUser,
    *,
    username: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    request: HttpRequest | None = None,
) -> AbstractBaseUser:
    """The user, with what is given changed and all else as it was.

    What the model lacks goes nowhere, and neither does a ``username`` that is the e-mail address: that has to be proved
    first. Raises ``Several`` as ``register`` does, and ``TokenInvalid`` if the user was deleted meanwhile.
    """
    given = {"username": username, "first_name": first_name, "last_name": last_name}
    offered = users.profile()
    values = {name: value for name, value in given.items() if value is not None and name in offered}
    changed = Details(values, user)
    if not changed.stored:
        return user
    if found := changed.faults():
        raise Several(found)

    def write() -> AbstractBaseUser:
        # The caller's own stays as it is if this fails.
        fresh = copy.copy(user)
        for field, value in changed.stored.items():
            setattr(fresh, field, value)
        fresh.save(update_fields=list(changed.stored))
        kinds = {users.kinds().get(field) for field in changed.stored}
        if lost := [kind for kind in identifiers.lost(fresh) if kind in kinds]:
            raise Several([TAKEN[kind]() for kind in lost])
        return fresh

    try:
        fresh = transact(write, get_user_model())
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        if found := changed.faults() or changed.duplicates():
            raise Several(found) from None
        raise
    except DatabaseError:
        if users.everybody().filter(pk=user.pk).exists():
            raise
        raise TokenInvalid from None
    events.updated.tell(fresh, request, fields=" ".join(changed.names))
    return fresh


@sensitive_variables()
def delete(user: AbstractBaseUser, current_password: str, request: HttpRequest | None = None) -> None:
    """End the account with all that it owns: by ``user.delete()``, or by the host's SIMPLE_AUTH["DELETE_ACCOUNT"].

    Raises ``WrongCurrentPassword``, ``AccountInUse`` if the host's records protect the user, or what the host raises.
    """
    passwords.confirm(user, current_password, request)

    def end() -> None:
        # delete() takes the primary key off its instance, and whoever is told of it wants to know whose it was.
        fresh = copy.copy(user)
        if (hook := conf.DELETE_ACCOUNT) is None:
            fresh.delete()
        else:
            hook(fresh)
        # Where the row stays, as anonymised or merely marked, nothing may open it any more.
        for model in (AuthToken, KnownDevice, MailedSecret, Presence):
            model._base_manager.filter(user=user.pk).delete()

    try:
        passwords.act_on(user, current_password, end)
    except (ProtectedError, RestrictedError):
        raise AccountInUse from None
    events.deleted.tell(user, request)


@sensitive_variables()
def authenticate(
    *,
    password: str,
    username: str | None = None,
    email: str | None = None,
    request: HttpRequest | None = None,
    explain: bool = False,
) -> AbstractBaseUser:
    """The user, called by ``username`` or by ``email``, whom AUTHENTICATION_BACKENDS let in.

    Raises ``InvalidCredentials`` for every reason alike; ``EmailUnverified`` is one, told after the right password
    alone, to whoever needs to know, and to nobody where SIMPLE_AUTH["REGISTRATION"] is "verify_first". With ``explain``
    it is ``UnknownUser``, ``WrongPassword`` or ``AccountDisabled``, at one more query and one more run of the hasher
    whichever it is.
    """
    try:
        return _let_in(username or "", email, password, request, explain)
    except InvalidCredentials as refused:
        # A stranger may have typed a password where the name belongs. Keyed, so that nobody can try names out on it.
        name = salted_hmac("django_simple_auth.events", users.blurred(username or email or ""), algorithm="sha256")
        events.login_refused.tell(None, request, name=name.hexdigest(), code=refused.code)
        raise


def login_kinds() -> tuple[str, ...]:
    """The kinds of names that people may type in any spelling; none where they type the login field as it is stored."""
    # A model that logs in by e-mail may have a user name as well; whoever is asked for a user name types that.
    by_default = users.kinds().values() if users.login_field() == users.email_field() else ()
    return conf.LOGIN_WITH or tuple(by_default)


@sensitive_variables()
def _let_in(
    username: str, email: str | None, password: str, request: HttpRequest | None, explain: bool
) -> AbstractBaseUser:
    stored = _by_email(email) if email is not None else _by_username(username)
    try:
        # What the field cannot hold is nobody's name; a backend would die of it.
        users.check_login_name(stored)
    except ValidationError:
        make_password(password)
        raise UnknownUser if explain else InvalidCredentials from None
    user = passwords.check(lambda: ask_backends(request, username=stored, password=password), password)
    if user is not None and email is None and not _may_be_called(user, username):
        user = None
    # Looked up for nobody, too, so that no query tells who was found.
    is_proved = conf.EMAIL_VERIFICATION != "required" or identifiers.is_verified(user or get_user_model()())
    if user is None or not user.is_active:
        raise _explanation(stored, password) if explain else InvalidCredentials
    if not is_proved:
        # A stranger who has registered somebody's address would learn from it that nobody else has.
        raise InvalidCredentials if conf.REGISTRATION == "verify_first" else EmailUnverified
    return user


def _by_username(typed: str) -> str:
    """The stored login name of whoever is meant, by one look-up at most."""
    kinds = login_kinds()
    if not kinds:
        return users.normalized(typed)
    found = identifiers.holders(dict.fromkeys(kinds, typed))
    # What looks like an address is one: else somebody's user name could be another's address, and keep him out.
    first, second = ("email", "username") if "@" in typed else ("username", "email")
    user = found.get(first, found.get(second))
    return users.normalized(typed) if user is None else user.get_username()


def _may_be_called(user: AbstractBaseUser, typed: str) -> bool:
    """Whether LOGIN_WITH lets the user log in by what was typed."""
    kinds = conf.LOGIN_WITH
    return not kinds or "username" in kinds or identifiers.bears(user, "email", typed)


def _by_email(typed: str) -> str:
    """The login name of whoever has this address; the address itself if nobody does."""
    user = identifiers.holder("email", typed)
    return typed if user is None else user.get_username()


@sensitive_variables()
def _explanation(stored: str, password: str) -> InvalidCredentials:
    user = users.manager().filter(**{users.login_field(): stored}).first()
    if user is not None and not user.is_active:
        is_right = passwords.check(lambda: user.check_password(password), password)
        return AccountDisabled() if is_right else WrongPassword()
    # As long as check_password() takes, so that the clock does not tell who is disabled.
    make_password(password)
    return UnknownUser() if user is None else WrongPassword()
