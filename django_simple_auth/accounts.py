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
from django.db import IntegrityError
from django.http import HttpRequest

from . import identifiers, users
from .refusals import (
    AccountDisabled,
    EmailTaken,
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


def register(*, password: str, **values: Any) -> AbstractBaseUser:
    """Make an account from ``username``, ``email``, ``password`` and whatever else the user model's manager takes.

    Where nobody is asked for a ``username`` and the model wants one, it is made up. ``first_name`` and ``last_name`` go
    nowhere on a model without them.
    Raises ``Several`` with every ``UsernameTaken``, ``EmailTaken`` and ``InvalidValue`` there is. Of simultaneous
    registrations under one name, in any spelling, exactly one succeeds.
    """
    if found := faults(password=password, **values):
        raise Several(found)
    known = _known(values)
    known.setdefault("username", secrets.token_hex(10))
    named = {users.field_name(name): value for name, value in known.items()}

    def make() -> AbstractBaseUser:
        # The INSERT comes first and the look at the rivals last: SQLite refuses a transaction that reads before it
        # writes when another one wrote in between.
        user: AbstractBaseUser = users.manager().create_user(password=password, **named)
        if lost := identifiers.lost(user):
            raise Several([_TAKEN[kind]() for kind in lost])
        return user

    try:
        return transact(make, get_user_model())
    except IntegrityError:
        # The user model's own unique index was quicker than ours.
        if found := faults(**values):
            raise Several(found) from None
        raise


def faults(**values: Any) -> list[Refused]:
    """What stands against an account with these values; a value left out is not judged. One query at most."""
    password = values.pop("password", None)
    values = _known(values)
    found: list[Refused] = [fault for name, value in values.items() if (fault := _invalid(name, value))]
    refused = {fault.field for fault in found}
    if names := {kind: value for kind, value in _names(values).items() if kind not in refused}:
        found += [_TAKEN[kind]() for kind in identifiers.holders(names)]
    if password is not None and (fault := _weak(password, values)):
        found.append(fault)
    return found


def authenticate(
    *,
    password: str,
    username: str | None = None,
    email: str | None = None,
    request: HttpRequest | None = None,
    explain: bool = False,
) -> AbstractBaseUser:
    """The user, called by ``username`` or by ``email``, whom AUTHENTICATION_BACKENDS let in.

    Raises ``InvalidCredentials`` for every reason alike. With ``explain`` it is ``UnknownUser``, ``WrongPassword`` or
    ``AccountDisabled``, at one more query and one more run of the hasher whichever it is.
    """
    stored = _by_email(email) if email is not None else _by_username(username or "")
    user = ask_backends(request, username=stored, password=password)
    if user is None or not user.is_active:
        raise _explanation(stored, password) if explain else InvalidCredentials
    return user


def _by_username(typed: str) -> str:
    """The stored spelling: e-mail addresses are found in any case, user names as Django finds them."""
    return _by_email(typed) if users.logs_in_by_email() else users.normalized(typed)


def _by_email(typed: str) -> str:
    """The user name of whoever has this address; the address itself if nobody does."""
    user = identifiers.holder("email", typed)
    return typed if user is None else user.get_username()


def _explanation(username: str, password: str) -> InvalidCredentials:
    user = users.manager().filter(**{users.username_field(): username}).first()
    if user is not None and not user.is_active:
        return AccountDisabled() if user.check_password(password) else WrongPassword()
    # As long as check_password() takes, so that the clock does not tell who is disabled.
    make_password(password)
    return UnknownUser() if user is None else WrongPassword()


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under one name each, spelled as the user model's manager will store them."""
    known = {name: value for name, value in values.items() if name not in _OPTIONAL or users.has_field(name)}
    if (users.email_field() is None or users.logs_in_by_email()) and "email" in known:
        # One field for both: where there is no e-mail, or it is the user name, the address is what people log in with.
        known.setdefault("username", known.pop("email"))
    if "username" in known:
        known["username"] = users.normalized(known["username"])
    return known


def _names(values: Mapping[str, Any]) -> dict[str, str]:
    """The identifying ones among the values, by kind."""
    kinds = {"username": "email" if users.logs_in_by_email() else "username", "email": "email"}
    return {kinds[name]: value for name, value in values.items() if name in kinds and value}


def _invalid(name: str, value: Any) -> InvalidValue | None:
    if not users.has_field(users.field_name(name)):
        return None
    try:
        users.field(name).clean(value, None)
    except ValidationError as error:
        return InvalidValue(name, error)
    return None


def _weak(password: str, values: Mapping[str, Any]) -> InvalidValue | None:
    named = {users.field_name(name): value for name, value in values.items()}
    owner = get_user_model()(**{name: value for name, value in named.items() if users.has_field(name)})
    try:
        password_validation.validate_password(password, owner)
    except ValidationError as error:
        return InvalidValue("password", error)
    return None
