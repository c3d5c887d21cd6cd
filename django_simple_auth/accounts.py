"""Who may have an account, and who may enter it. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import authenticate as ask_backends
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest

from . import identifiers, users
from .refusals import EmailTaken, InvalidCredentials, InvalidValue, Refused, Several, UsernameTaken
from .transactions import transact

_TAKEN: dict[str, type[Refused]] = {"username": UsernameTaken, "email": EmailTaken}


def register(*, password: str, **values: Any) -> AbstractBaseUser:
    """Make an account from ``username``, ``email``, ``password`` and whatever else the user model's manager takes.

    Raises ``Several`` with every ``UsernameTaken``, ``EmailTaken`` and ``InvalidValue`` there is. Of simultaneous
    registrations under one name, in any spelling, exactly one succeeds.
    """
    if found := faults(password=password, **values):
        raise Several(found)
    named = {users.field_name(name): value for name, value in _known(values).items()}

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


def authenticate(*, username: str, password: str, request: HttpRequest | None = None) -> AbstractBaseUser:
    """The user whom AUTHENTICATION_BACKENDS let in; raises ``InvalidCredentials`` for every reason alike."""
    user = ask_backends(request, username=_stored_username(username), password=password)
    if user is None or not user.is_active:
        raise InvalidCredentials
    return user


def _stored_username(typed: str) -> str:
    """The stored spelling of a login name. E-mail addresses are found in any case, user names as Django finds them."""
    if users.logs_in_by_email() and (user := identifiers.holder("email", typed)):
        return user.get_username()
    return get_user_model().normalize_username(typed)


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values under one name each, spelled as the user model's manager will store them."""
    known = dict(values)
    if users.email_field() is None or (users.logs_in_by_email() and "username" in known):
        known.pop("email", None)
    if "username" in known:
        known["username"] = get_user_model().normalize_username(known["username"])
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
