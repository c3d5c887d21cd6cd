"""Who may have an account, and how it is made. Knows neither DRF nor HTTP bodies."""

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
from . import emails
from .fields import TAKEN, AccountFields


@sensitive_variables()
def register(
    *, password: str, invitation: str | None = None, request: HttpRequest | None = None, **values: Any
) -> AbstractBaseUser:
    """Make an account from ``username``, ``email``, ``password`` and any other field of the user model.

    ``username`` means the model's field of that name, or its USERNAME_FIELD if there is none; if it is missing, one is
    made up. A value that the model has no column for is left out, unless the ``create_user`` of its manager names it as
    a parameter.

    Raises ``ValidationErrors`` with every ``UsernameTaken``, ``EmailTaken`` and ``InvalidValue`` there is. Of
    simultaneous registrations under one name, in any spelling, exactly one succeeds. SIMPLE_AUTH["REGISTRATION"]
    decides: where it is "closed" or "verify_first" this raises ``RegistrationClosed``; where it is "invite",
    whoever has no good ``invitation`` to this address is told nothing but ``InvitationInvalid``. Elsewhere an
    invitation is ignored.
    """
    if conf.REGISTRATION in {"closed", "verify_first"}:
        raise RegistrationClosed
    details = AccountFields(values)
    invited = _invited(invitation, details.email or "") if conf.REGISTRATION == "invite" else None
    if found := _against(details, password):
        if invited is not None:
            # Whoever has used it meanwhile may be the one who has these names.
            _invited(invitation, None)
        raise ValidationErrors(found)
    try:
        user = _make(password, details, invited)
    except LinkInvalid:
        raise ValidationErrors([InvitationInvalid()]) from None
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        if found := registration_errors(invitation=invitation, **values) or details.duplicates():
            raise ValidationErrors(found) from None
        raise
    signals.registered.send(user=user, request=request)
    if invited is None:
        emails.request_verification(user)
    return user


@sensitive_variables()
def register_neutrally(*, password: str, request: HttpRequest | None = None, **values: Any) -> None:
    """As ``register``, where SIMPLE_AUTH["REGISTRATION"] is "verify_first": nobody learns whose address is known.

    An unknown one gets an account and a link to prove the address; the owner of a known one gets a letter. For both the
    same is done: what is made for a known address is taken back. Raises ``ValidationErrors`` without any
    ``EmailTaken``, and ``RegistrationClosed`` under any other policy.
    """
    if conf.REGISTRATION != "verify_first":
        raise RegistrationClosed
    details = AccountFields(values)
    found, holders = details.check()
    owner = holders.pop("email", None)
    found += [TAKEN[kind]() for kind in holders]
    if fault := details.password_error(password):
        found.append(fault)
    if found:
        raise ValidationErrors(found)
    try:
        user = _make(password, details)
    except ValidationErrors as refusal:
        found = list(refusal.errors)
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        found = [EmailTaken()] if owner else details.errors() or details.duplicates()
        if not found:
            raise
    else:
        signals.registered.send(user=user, request=request)
        emails.request_verification(user)
        return
    if told := _but_emails(found):
        raise ValidationErrors(told)
    delivery.send("already_registered", owner or identifiers.holder("email", details.email or ""))


def invite(email: str, request: HttpRequest | None = None) -> None:
    """Send this address a link to register by, where SIMPLE_AUTH["REGISTRATION"] is "invite".

    It works once, and only the newest one does. Raises ``ValidationErrors`` with ``EmailTaken`` or ``InvalidValue``.
    """
    email = user_model.normalize_email(email)
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationErrors([InvalidValue("email", error)]) from None
    if found := AccountFields({"email": email}).errors():
        raise ValidationErrors(found)
    delivery.send("invite", None, email)
    signals.invited.send(user=None, request=request)


@sensitive_variables()
def registration_errors(*, invitation: str | None = None, **values: Any) -> list[SimpleAuthError]:
    """What stands against an account with these values, as far as this client may know; one left out is not check.

    One query at most, and one for an invitation.
    """
    password = values.pop("password", None)
    details = AccountFields(values)
    if conf.REGISTRATION == "invite":
        try:
            _invited(invitation, details.email)
        except ValidationErrors as refusal:
            return list(refusal.errors)
    found = _against(details, password)
    return _but_emails(found) if conf.REGISTRATION == "verify_first" else found


@sensitive_variables()
def _make(password: str, details: AccountFields, invited: OneTimeToken | None = None) -> AbstractBaseUser:
    named = {user_model.username_field(): secrets.token_hex(10)} | details.stored
    taken = {field: value for field, value in named.items() if user_model.create_user_takes(field)}
    rest = {field: value for field, value in named.items() if field not in taken}

    def make() -> AbstractBaseUser:
        # The INSERT comes first and the look at the rivals last: SQLite refuses a transaction that reads before it
        # writes when another one wrote in between.
        user: AbstractBaseUser = user_model.manager().create_user(password=password, **taken)
        if rest:
            for field, value in rest.items():
                setattr(user, field, value)
            user.save(update_fields=list(rest))
        if invited is not None:
            links.redeem(invited)
        if lost := identifiers.unclaimed(user):
            raise ValidationErrors([TAKEN[kind]() for kind in lost])
        if invited is not None:
            identifiers.mark_verified(user, invited.email, clock.now())
        return user

    return atomic_with_retry(make, get_user_model())


@sensitive_variables()
def _invited(invitation: str | None, email: str | None) -> OneTimeToken:
    """The live invitation, which is to this address; None: that is not check."""
    try:
        row = links.find(invitation or "", OneTimeToken.Purpose.INVITE)
    except LinkInvalid:
        raise ValidationErrors([InvitationInvalid()]) from None
    if email is not None and folding.fold(email) != row.email:
        raise ValidationErrors([InvitationInvalid()])
    return row


@sensitive_variables()
def _against(details: AccountFields, password: str | None) -> list[SimpleAuthError]:
    found = details.errors()
    if password is not None and (fault := details.password_error(password)):
        found.append(fault)
    return found


def _but_emails(found: list[SimpleAuthError]) -> list[SimpleAuthError]:
    return [fault for fault in found if not isinstance(fault, EmailTaken)]
