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

from . import emails, events, identifiers, mail, mailed, tokens, users
from .conf import conf
from .details import TAKEN, Details
from .models import MailedSecret
from .refusals import (
    EmailTaken,
    InvalidValue,
    InvitationInvalid,
    LinkInvalid,
    Refused,
    RegistrationClosed,
    Several,
)
from .transactions import transact


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
    details = Details(values)
    invited = _invited(invitation, details.address or "") if conf.REGISTRATION == "invite" else None
    if found := _against(details, password):
        if invited is not None:
            # Whoever has used it meanwhile may be the one who has these names.
            _invited(invitation, None)
        raise Several(found)
    try:
        user = _make(password, details, invited)
    except LinkInvalid:
        raise Several([InvitationInvalid()]) from None
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        if found := faults(invitation=invitation, **values) or details.duplicates():
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
    details = Details(values)
    found, holders = details.judged()
    owner = holders.pop("email", None)
    found += [TAKEN[kind]() for kind in holders]
    if fault := details.weakness(password):
        found.append(fault)
    if found:
        raise Several(found)
    try:
        user = _make(password, details)
    except Several as refusal:
        found = list(refusal.faults)
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        found = [EmailTaken()] if owner else details.faults() or details.duplicates()
        if not found:
            raise
    else:
        events.registered.tell(user, request)
        emails.ask_proof(user)
        return
    if told := _but_emails(found):
        raise Several(told)
    mail.send("known", owner or identifiers.holder("email", details.address or ""))


def invite(email: str, request: HttpRequest | None = None) -> None:
    """Send this address a link to register by, where SIMPLE_AUTH["REGISTRATION"] is "invite".

    It works once, and only the newest one does. Raises ``Several`` with ``EmailTaken`` or ``InvalidValue``.
    """
    address = users.normalized_email(email)
    try:
        validate_email(address)
    except ValidationError as error:
        raise Several([InvalidValue("email", error)]) from None
    if found := Details({"email": address}).faults():
        raise Several(found)
    mail.send("invite", None, address)
    events.invited.tell(None, request)


@sensitive_variables()
def faults(*, invitation: str | None = None, **values: Any) -> list[Refused]:
    """What stands against an account with these values, as far as this client may know; one left out is not judged.

    One query at most, and one for an invitation.
    """
    password = values.pop("password", None)
    details = Details(values)
    if conf.REGISTRATION == "invite":
        try:
            _invited(invitation, details.address)
        except Several as refusal:
            return list(refusal.faults)
    found = _against(details, password)
    return _but_emails(found) if conf.REGISTRATION == "verify_first" else found


@sensitive_variables()
def _make(password: str, details: Details, invited: MailedSecret | None = None) -> AbstractBaseUser:
    named = {users.name_field(): secrets.token_hex(10)} | details.stored

    def make() -> AbstractBaseUser:
        # The INSERT comes first and the look at the rivals last: SQLite refuses a transaction that reads before it
        # writes when another one wrote in between.
        user: AbstractBaseUser = users.manager().create_user(password=password, **named)
        if invited is not None:
            mailed.redeem(invited)
        if lost := identifiers.lost(user):
            raise Several([TAKEN[kind]() for kind in lost])
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
def _against(details: Details, password: str | None) -> list[Refused]:
    found = details.faults()
    if password is not None and (fault := details.weakness(password)):
        found.append(fault)
    return found


def _but_emails(found: list[Refused]) -> list[Refused]:
    return [fault for fault in found if not isinstance(fault, EmailTaken)]
