"""Who may have an account, and who may enter it. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.contrib.auth import authenticate as ask_backends
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, router
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import emails, identifiers, passwords, users
from .conf import conf
from .refusals import (
    AccountDisabled,
    EmailTaken,
    EmailUnverified,
    InvalidCredentials,
    InvalidValue,
    Refused,
    Several,
    UnknownUser,
    UsernameTaken,
    WrongPassword,
)
from .transactions import transact

_OPTIONAL = {"first_name", "last_name"}
"""What a published contract asks everybody for and some user models do not have."""

_TAKEN: dict[str, type[Refused]] = {"username": UsernameTaken, "email": EmailTaken}


@sensitive_variables()
def register(*, password: str, **values: Any) -> AbstractBaseUser:
    """Make an account from ``username``, ``email``, ``password`` and whatever else the user model's manager takes.

    ``username`` means the model's field of that name, or its USERNAME_FIELD if there is none. Where nobody was asked
    for it and the model wants it, it is made up; ``first_name`` and ``last_name`` go nowhere on a model without them.

    Raises ``Several`` with every ``UsernameTaken``, ``EmailTaken`` and ``InvalidValue`` there is. Of simultaneous
    registrations under one name, in any spelling, exactly one succeeds.
    """
    if found := faults(password=password, **values):
        raise Several(found)
    placed = _placed(values)
    named = {users.name_field(): secrets.token_hex(10)} | {field: value for field, (_name, value) in placed.items()}

    def make() -> AbstractBaseUser:
        # The INSERT comes first and the look at the rivals last: SQLite refuses a transaction that reads before it
        # writes when another one wrote in between.
        user: AbstractBaseUser = users.manager().create_user(password=password, **named)
        if lost := identifiers.lost(user):
            raise Several([_TAKEN[kind]() for kind in lost])
        return user

    try:
        user = transact(make, get_user_model())
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        if found := faults(**values) or _duplicates(placed):
            raise Several(found) from None
        raise
    emails.ask_proof(user)
    return user


@sensitive_variables()
def faults(**values: Any) -> list[Refused]:
    """What stands against an account with these values; a value left out is not judged. One query at most."""
    password = values.pop("password", None)
    placed = _placed(values)
    found: list[Refused] = [fault for field in placed if (fault := _invalid(field, *placed[field]))]
    refused = {fault.field for fault in found}
    names = {
        kind: str(placed[field][1])
        for field, kind in users.kinds().items()
        if field in placed and placed[field][1] and placed[field][0] not in refused
    }
    if names:
        found += [_TAKEN[kind]() for kind in identifiers.holders(names)]
    if password is not None and (fault := _weak(password, placed)):
        found.append(fault)
    return found


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
    typed = username or ""
    stored = _by_email(email) if email is not None else _by_username(typed)
    try:
        # What the field cannot hold is nobody's name; a backend would die of it.
        users.check_login_name(stored)
    except ValidationError:
        make_password(password)
        raise UnknownUser if explain else InvalidCredentials from None
    user = passwords.check(lambda: ask_backends(request, username=stored, password=password), password)
    if user is None or not user.is_active:
        raise _explanation(stored, password) if explain else InvalidCredentials
    if conf.EMAIL_VERIFICATION == "required" and not identifiers.is_verified(user):
        raise EmailUnverified
    return user


def _by_username(typed: str) -> str:
    """The stored login name: where that is an e-mail address it is found in any case, else as Django finds it."""
    if users.login_field() != users.email_field():
        return users.normalized(typed)
    # A model may have a user name as well; whoever is asked for a user name types that.
    found = identifiers.holders(dict.fromkeys(users.kinds().values(), typed))
    user = found.get("email", found.get("username"))
    return typed if user is None else user.get_username()


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


def _duplicates(placed: Mapping[str, tuple[str, Any]]) -> list[Refused]:
    """The values that the database says somebody has, in its own idea of equal and whatever managers hide."""
    model = get_user_model()
    everybody = model._base_manager.using(router.db_for_write(model))
    found: list[Refused] = []
    for field, (name, value) in placed.items():
        model_field = users.field(field)
        if model_field is not None and model_field.unique and everybody.filter(**{field: value}).exists():
            taken = _TAKEN.get(users.kinds().get(field, ""))
            error = model().unique_error_message(model, (field,))
            found.append(InvalidValue(name, error) if taken is None else taken())
    return found
