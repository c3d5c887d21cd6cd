"""Who may have an account, who may enter it, and how it changes and ends. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import authenticate as ask_backends
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import DatabaseError, IntegrityError, router
from django.db.models import ProtectedError, QuerySet, RestrictedError
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from . import emails, events, identifiers, mail, mailed, passwords, tokens, users
from .conf import conf
from .models import AuthToken, MailedSecret, Presence
from .refusals import (
    AccountDisabled,
    AccountInUse,
    EmailTaken,
    EmailUnverified,
    InvalidCredentials,
    InvalidValue,
    InvitationInvalid,
    LinkInvalid,
    Refused,
    RegistrationClosed,
    Several,
    TokenInvalid,
    UnknownUser,
    UsernameTaken,
    WrongCurrentPassword,
    WrongPassword,
)
from .transactions import transact

_OPTIONAL = {"first_name", "last_name"}
"""What a published contract asks everybody for and some user models do not have."""

_TAKEN: dict[str, type[Refused]] = {"username": UsernameTaken, "email": EmailTaken}


@sensitive_variables()
def register(
    *, password: str, invitation: str | None = None, request: HttpRequest | None = None, **values: Any
) -> AbstractBaseUser:
    """Make an account from ``username``, ``email``, ``password`` and whatever else the user model's manager takes.

    ``username`` means the model's field of that name, or its USERNAME_FIELD if there is none. Where nobody was asked
    for it and the model wants it, it is made up; ``first_name`` and ``last_name`` go nowhere on a model without them.

    Raises ``Several`` with every ``UsernameTaken``, ``EmailTaken`` and ``InvalidValue`` there is. Of simultaneous
    registrations under one name, in any spelling, exactly one succeeds. SIMPLE_AUTH["REGISTRATION"] decides: where it
    is "closed" or "verify_first" this raises ``RegistrationClosed``; where it is "invite", whoever has no good
    ``invitation`` to this address is told nothing but ``InvitationInvalid``. Elsewhere an invitation is ignored.
    """
    if conf.REGISTRATION in {"closed", "verify_first"}:
        raise RegistrationClosed
    placed = _placed(values)
    invited = _invited(invitation, _address(placed) or "") if conf.REGISTRATION == "invite" else None
    if found := _against(placed, password):
        if invited is not None:
            # Whoever has used it meanwhile may be the one who has these names.
            _invited(invitation, None)
        raise Several(found)
    try:
        user = _make(password, placed, invited)
    except LinkInvalid:
        raise Several([InvitationInvalid()]) from None
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        if found := faults(invitation=invitation, **values) or _duplicates(placed):
            raise Several(found) from None
        raise
    events.registered.tell(user, request)
    if invited is None:
        emails.ask_proof(user)
    return user


@sensitive_variables()
def register_unseen(*, password: str, request: HttpRequest | None = None, **values: Any) -> None:
    """As ``register``, where SIMPLE_AUTH["REGISTRATION"] is "verify_first": nobody learns whose address is known.

    An unknown one gets an account and a link to prove the address; the owner of a known one gets a letter. For both the
    same is done: what is made for a known address is taken back. Raises ``Several`` without any ``EmailTaken``, and
    ``RegistrationClosed`` under any other policy.
    """
    if conf.REGISTRATION != "verify_first":
        raise RegistrationClosed
    placed = _placed(values)
    found, holders = _judged(placed)
    owner = holders.pop("email", None)
    found += [_TAKEN[kind]() for kind in holders]
    if fault := _weak(password, placed):
        found.append(fault)
    if found:
        raise Several(found)
    try:
        user = _make(password, placed)
    except Several as refusal:
        found = list(refusal.faults)
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        found = [EmailTaken()] if owner else _faults(placed) or _duplicates(placed)
        if not found:
            raise
    else:
        events.registered.tell(user, request)
        emails.ask_proof(user)
        return
    if told := _but_emails(found):
        raise Several(told)
    mail.send("known", owner or identifiers.holder("email", _address(placed) or ""))


def invite(email: str, request: HttpRequest | None = None) -> None:
    """Send this address a link to register by, where SIMPLE_AUTH["REGISTRATION"] is "invite".

    It works once, and only the newest one does. Raises ``Several`` with ``EmailTaken`` or ``InvalidValue``.
    """
    address = users.normalized_email(email)
    try:
        validate_email(address)
    except ValidationError as error:
        raise Several([InvalidValue("email", error)]) from None
    if found := _faults(_placed({"email": address})):
        raise Several(found)
    mail.send("invite", None, address)
    events.invited.tell(None, request)


@sensitive_variables()
def faults(*, invitation: str | None = None, **values: Any) -> list[Refused]:
    """What stands against an account with these values, as far as this client may know; one left out is not judged.

    One query at most, and one for an invitation.
    """
    password = values.pop("password", None)
    placed = _placed(values)
    if conf.REGISTRATION == "invite":
        try:
            _invited(invitation, _address(placed))
        except Several as refusal:
            return list(refusal.faults)
    found = _against(placed, password)
    return _but_emails(found) if conf.REGISTRATION == "verify_first" else found


@sensitive_variables()
def _make(
    password: str, placed: Mapping[str, tuple[str, Any]], invited: MailedSecret | None = None
) -> AbstractBaseUser:
    named = {users.name_field(): secrets.token_hex(10)} | {field: value for field, (_name, value) in placed.items()}

    def make() -> AbstractBaseUser:
        # The INSERT comes first and the look at the rivals last: SQLite refuses a transaction that reads before it
        # writes when another one wrote in between.
        user: AbstractBaseUser = users.manager().create_user(password=password, **named)
        if invited is not None:
            mailed.redeem(invited)
        if lost := identifiers.lost(user):
            raise Several([_TAKEN[kind]() for kind in lost])
        if invited is not None:
            identifiers.mark_verified(user, invited.address, tokens.now())
        return user

    return transact(make, get_user_model())


@sensitive_variables()
def _invited(invitation: str | None, address: str | None) -> MailedSecret:
    """The live invitation, which is to this address; None: that is not judged."""
    try:
        row = mailed.find(invitation or "", MailedSecret.Purpose.INVITE)
    except LinkInvalid:
        raise Several([InvitationInvalid()]) from None
    if address is not None and users.fold(address) != row.address:
        raise Several([InvitationInvalid()])
    return row


@sensitive_variables()
def _against(placed: Mapping[str, tuple[str, Any]], password: str | None) -> list[Refused]:
    found = _faults(placed)
    if password is not None and (fault := _weak(password, placed)):
        found.append(fault)
    return found


def _but_emails(found: list[Refused]) -> list[Refused]:
    return [fault for fault in found if not isinstance(fault, EmailTaken)]


def _faults(placed: Mapping[str, tuple[str, Any]], owner: AbstractBaseUser | None = None) -> list[Refused]:
    found, holders = _judged(placed)
    return found + [_TAKEN[kind]() for kind, user in holders.items() if owner is None or user.pk != owner.pk]


def _judged(placed: Mapping[str, tuple[str, Any]]) -> tuple[list[Refused], dict[str, AbstractBaseUser]]:
    """What the model refuses, and who has which of the other names. One query at most."""
    found: list[Refused] = [fault for field in placed if (fault := _invalid(field, *placed[field]))]
    refused = {fault.field for fault in found}
    names = {
        kind: str(placed[field][1])
        for field, kind in users.kinds().items()
        if field in placed and placed[field][1] and placed[field][0] not in refused
    }
    return found, identifiers.holders(names) if names else {}


def _address(placed: Mapping[str, tuple[str, Any]]) -> str | None:
    """The e-mail address among the values; None if there is none."""
    _name, value = placed.get(users.email_field() or users.login_field(), ("", None))
    return None if value is None else str(value)


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
    placed = _placed({name: value for name, value in given.items() if value is not None and name in offered})
    changed = {field: placed[field] for field in placed if placed[field][1] != getattr(user, field)}
    if not changed:
        return user
    if found := _faults(changed, user):
        raise Several(found)

    def write() -> AbstractBaseUser:
        # The caller's own stays as it is if this fails.
        fresh = copy.copy(user)
        for field, (_name, value) in changed.items():
            setattr(fresh, field, value)
        fresh.save(update_fields=list(changed))
        kinds = {users.kinds().get(field) for field in changed}
        if lost := [kind for kind in identifiers.lost(fresh) if kind in kinds]:
            raise Several([_TAKEN[kind]() for kind in lost])
        return fresh

    try:
        fresh = transact(write, get_user_model())
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        if found := _faults(changed, user) or _duplicates(changed, user):
            raise Several(found) from None
        raise
    except DatabaseError:
        if _everybody().filter(pk=user.pk).exists():
            raise
        raise TokenInvalid from None
    events.updated.tell(fresh, request, fields=" ".join(name for name, _value in changed.values()))
    return fresh


@sensitive_variables()
def delete(user: AbstractBaseUser, current_password: str, request: HttpRequest | None = None) -> None:
    """End the account with all that it owns: by ``user.delete()``, or by the host's SIMPLE_AUTH["DELETE_ACCOUNT"].

    Raises ``WrongCurrentPassword``, ``AccountInUse`` if the host's records protect the user, or what the host raises.
    """
    passwords.confirm(user, current_password, request)
    confirmed = user.password

    def end() -> None:
        # A password that was changed meanwhile, or an account that is gone, has been confirmed by nobody.
        if not users.take_turns(user, password=confirmed):
            raise WrongCurrentPassword
        # delete() takes the primary key off its instance, and whoever is told of it wants to know whose it was.
        fresh = copy.copy(user)
        if (hook := conf.DELETE_ACCOUNT) is None:
            fresh.delete()
        else:
            hook(fresh)
        # Where the row stays, as anonymised or merely marked, nothing may open it any more.
        for model in (AuthToken, MailedSecret, Presence):
            model._base_manager.filter(user=user.pk).delete()

    try:
        transact(end, get_user_model())
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
    alone, to whoever needs to know. With ``explain`` it is ``UnknownUser``, ``WrongPassword`` or
    ``AccountDisabled``, at one more query and one more run of the hasher whichever it is.
    """
    try:
        return _let_in(username or "", email, password, request, explain)
    except InvalidCredentials as refused:
        # A stranger may have typed a password where the name belongs. Keyed, so that nobody can try names out on it.
        name = salted_hmac("django_simple_auth.events", users.blurred(username or email or ""), algorithm="sha256")
        events.login_refused.tell(None, request, name=name.hexdigest(), code=refused.code)
        raise


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
    if user is None or not user.is_active:
        raise _explanation(stored, password) if explain else InvalidCredentials
    if conf.EMAIL_VERIFICATION == "required" and not identifiers.is_verified(user):
        raise EmailUnverified
    return user


def _by_username(typed: str) -> str:
    """The stored login name of whoever is meant, by one look-up at most."""
    # A model that logs in by e-mail may have a user name as well; whoever is asked for a user name types that.
    by_default = users.kinds().values() if users.login_field() == users.email_field() else ()
    kinds = conf.LOGIN_WITH or by_default
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


def _placed(values: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    """``{field of the user model: (what the services call it, value as it will be stored)}``."""
    login = users.login_field()
    fields = {"username": users.name_field(), "email": users.email_field() or login}
    placed: dict[str, tuple[str, Any]] = {}
    # In this order: where user name and e-mail are one field, the user name counts.
    for name in sorted(values, key="username".__eq__):
        field = fields.get(name, name)
        if name not in _OPTIONAL or users.has_field(field):
            value = users.normalized(values[name]) if field in (login, users.name_field()) else values[name]
            placed[field] = (name, value)
    return placed


def _invalid(field: str, name: str, value: Any) -> InvalidValue | None:
    model_field = users.field(field)
    try:
        if model_field is not None:
            model_field.clean(value, None)
    except ValidationError as error:
        return InvalidValue(name, error)
    return None


@sensitive_variables()
def _weak(password: str, placed: Mapping[str, tuple[str, Any]]) -> InvalidValue | None:
    owner = get_user_model()(**{field: value for field, (_name, value) in placed.items() if users.has_field(field)})
    try:
        password_validation.validate_password(password, owner)
    except ValidationError as error:
        return InvalidValue("password", error)
    return None


def _everybody() -> QuerySet[Any]:
    """Whatever managers hide, and never from a replica."""
    model = get_user_model()
    return model._base_manager.using(router.db_for_write(model))


def _duplicates(placed: Mapping[str, tuple[str, Any]], owner: AbstractBaseUser | None = None) -> list[Refused]:
    """The values that the database says somebody else has, in its own idea of equal."""
    model = get_user_model()
    everybody = _everybody() if owner is None else _everybody().exclude(pk=owner.pk)
    found: list[Refused] = []
    for field, (name, value) in placed.items():
        model_field = users.field(field)
        if model_field is not None and model_field.unique and everybody.filter(**{field: value}).exists():
            taken = _TAKEN.get(users.kinds().get(field, ""))
            error = model().unique_error_message(model, (field,))
            found.append(InvalidValue(name, error) if taken is None else taken())
    return found
