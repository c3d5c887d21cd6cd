"""Decide who may register, and create accounts. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..conf import conf
from ..db import clock
from ..db.transactions import atomic_with_retry
from ..exceptions import (
    EmailTaken,
    InvalidValue,
    InvitationInvalid,
    LinkInvalid,
    RegistrationClosed,
    SimpleAuthError,
    ValidationErrors,
)
from ..identity import folding, identifiers, user_model
from ..mail import delivery
from ..models import OneTimeToken
from ..tokens import links
from . import emails, hashing
from .fields import TAKEN, AccountFields


@sensitive_variables()
def register(
    *, password: str, invitation: str | None = None, request: HttpRequest | None = None, **values: Any
) -> AbstractBaseUser:
    """Create an account from ``username``, ``email``, ``password`` and any other field of the user model.

    ``username`` means the model's field of that name, or its USERNAME_FIELD if there is none; if it is missing, a
    random one is generated. A value that the model has no column for is left out, unless its manager's ``create_user``
    has a parameter of that name.

    Raises ``ValidationErrors`` with every ``UsernameTaken``, ``EmailTaken`` and ``InvalidValue``. Of simultaneous
    registrations with one name, regardless of case and Unicode form, exactly one succeeds. Depends on
    SIMPLE_AUTH["REGISTRATION"]: "closed" and "verify_first" raise ``RegistrationClosed`` here; "invite" needs a valid
    ``invitation`` to this address, without which the only error is ``InvitationInvalid``; "open" ignores invitations.
    """
    if conf.REGISTRATION in {"closed", "verify_first"}:
        raise RegistrationClosed
    fields = AccountFields(values)
    invited = _invited(invitation, fields.email or "") if conf.REGISTRATION == "invite" else None
    if found := _errors(fields, password):
        if invited is not None:
            # If the invitation was used meanwhile, do not disclose that these names are taken.
            _invited(invitation, None)
        raise ValidationErrors(found)
    try:
        user = _create(password, fields, invited)
    except LinkInvalid:
        raise ValidationErrors([InvitationInvalid()]) from None
    except IntegrityError:
        # A unique index of the user model found it first, or considers values equal that we do not.
        if found := registration_errors(invitation=invitation, **values) or fields.duplicates():
            raise ValidationErrors(found) from None
        raise
    signals.registered.send(user=user, request=request)
    if invited is None:
        emails.request_verification(user)
    return user


@sensitive_variables()
def register_neutrally(*, password: str, request: HttpRequest | None = None, **values: Any) -> None:
    """Like ``register``, for REGISTRATION "verify_first": does not disclose whether the e-mail address has an account.

    A new address gets an account and a verification link; the owner of a known one is sent an e-mail that says so. The
    work is the same: the account for a known address is created and rolled back. Raises ``ValidationErrors`` without
    ``EmailTaken``, and ``RegistrationClosed`` under any other policy.
    """
    if conf.REGISTRATION != "verify_first":
        raise RegistrationClosed
    fields = AccountFields(values)
    found, holders = fields.check()
    owner = holders.pop("email", None)
    found += [TAKEN[kind]() for kind in holders]
    if error := fields.password_error(password):
        found.append(error)
    if found:
        raise ValidationErrors(found)
    try:
        user = _create(password, fields)
    except ValidationErrors as invalid:
        found = list(invalid.errors)
    except IntegrityError:
        # A unique index of the user model found it first, or considers values equal that we do not.
        found = [EmailTaken()] if owner else fields.errors() or fields.duplicates()
        if not found:
            raise
    else:
        signals.registered.send(user=user, request=request)
        emails.request_verification(user)
        return
    if errors := _without_email_taken(found):
        raise ValidationErrors(errors)
    delivery.send("already_registered", owner or identifiers.holder("email", fields.email or ""))


def invite(email: str, request: HttpRequest | None = None) -> None:
    """Send this address a link to register with, for SIMPLE_AUTH["REGISTRATION"] "invite".

    The link works once, and only the newest one works. Raises ``ValidationErrors`` with ``EmailTaken`` or
    ``InvalidValue``.
    """
    email = user_model.normalize_email(email)
    try:
        validate_email(email)
        links.check_email(email)
    except ValidationError as error:
        raise ValidationErrors([InvalidValue("email", error)]) from None
    if found := AccountFields({"email": email}).errors():
        raise ValidationErrors(found)
    delivery.send("invite", None, email)
    signals.invited.send(user=None, request=request)


@sensitive_variables()
def registration_errors(*, invitation: str | None = None, **values: Any) -> list[SimpleAuthError]:
    """The errors that ``register`` would raise for these values, as far as they may be disclosed.

    Values that are left out are not checked. At most one query, and one for an invitation.
    """
    password = values.pop("password", None)
    fields = AccountFields(values)
    if conf.REGISTRATION == "invite":
        try:
            _invited(invitation, fields.email)
        except ValidationErrors as invalid:
            return list(invalid.errors)
    found = _errors(fields, password)
    return _without_email_taken(found) if conf.REGISTRATION == "verify_first" else found


@sensitive_variables()
def _create(password: str, fields: AccountFields, invited: OneTimeToken | None = None) -> AbstractBaseUser:
    named = {user_model.username_field(): secrets.token_hex(10)} | fields.stored
    taken = {field: value for field, value in named.items() if user_model.create_user_takes(field)}
    rest = {field: value for field, value in named.items() if field not in taken}

    def create() -> AbstractBaseUser:
        # The INSERT comes first, and the query for competing users last: SQLite refuses a transaction that reads before
        # it writes if another one has written in between.
        try:
            with hashing.storing("password"):
                user: AbstractBaseUser = user_model.manager().create_user(password=password, **taken)
        except InvalidValue as error:
            raise ValidationErrors([error]) from None
        if rest:
            for field, value in rest.items():
                setattr(user, field, value)
            user.save(update_fields=list(rest))
        if invited is not None:
            links.redeem(invited)
        if unclaimed := identifiers.unclaimed(user):
            raise ValidationErrors([TAKEN[kind]() for kind in unclaimed])
        if invited is not None:
            identifiers.mark_verified(user, invited.email, clock.now())
        return user

    with fields.measured():
        return atomic_with_retry(create, get_user_model())


@sensitive_variables()
def _invited(invitation: str | None, email: str | None) -> OneTimeToken:
    """The valid invitation with this token. If ``email`` is given, it must be the address that was invited."""
    try:
        row = links.find(invitation or "", OneTimeToken.Purpose.INVITE)
    except LinkInvalid:
        raise ValidationErrors([InvitationInvalid()]) from None
    if email is not None and folding.fold(email) != row.email:
        raise ValidationErrors([InvitationInvalid()])
    return row


@sensitive_variables()
def _errors(fields: AccountFields, password: str | None) -> list[SimpleAuthError]:
    found = fields.errors()
    if password is not None and (error := fields.password_error(password)):
        found.append(error)
    return found


def _without_email_taken(errors: list[SimpleAuthError]) -> list[SimpleAuthError]:
    return [error for error in errors if not isinstance(error, EmailTaken)]
