"""An address's life: proved, changed, given back. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import sessions, signals
from ..conf import conf
from ..db import clock
from ..db.transactions import atomic_with_retry
from ..exceptions import EmailTaken, InvalidValue, LinkInvalid
from ..identity import identifiers, user_model
from ..mail import delivery
from ..models import AuthToken, OneTimeToken
from ..tokens import links
from ..tokens import store as token_store
from . import passwords, reauthentication
from .reauthentication import Evidence

Purpose = OneTimeToken.Purpose


def request_verification(user: AbstractBaseUser) -> None:
    """Send a fresh account a link to ``prove`` its address with, unless EMAIL_VERIFICATION is off."""
    if conf.EMAIL_VERIFICATION != "off":
        delivery.send("verify", user)


def resend_verification(email: str) -> None:
    """Send whoever has this email, and has not proved it, another link. For everybody else the same is done."""
    claim = identifiers.claim("email", email)
    is_open = claim is not None and claim.verified_at is None and conf.EMAIL_VERIFICATION != "off"
    delivery.send("verify", claim.user if claim is not None and is_open else None)


def mark_verified(user: AbstractBaseUser) -> bool:
    """Take the user's address as proved, on the host's word. False if somebody else holds it, or there is none."""
    return identifiers.mark_verified(user, user_model.email_of(user), clock.now())


@sensitive_variables()
def request_change(
    user: AbstractBaseUser, email: str, evidence: Evidence | str, request: HttpRequest | None = None
) -> None:
    """Send a link to the user's new e-mail address; the old one stays until that link is opened.

    ``evidence`` may be the current password as a ``str``. Raises ``WrongCurrentPassword``, or what other evidence
    raises; ``InvalidValue`` for what the model's field refuses. An address that another user has verified gets no
    e-mail, and the answer is the same.
    """
    reauthentication.reauthenticate(user, evidence, request)
    email = user_model.normalize_email(email)
    if (field := user_model.field(user_model.email_field() or "")) is not None:
        try:
            field.clean(email, None)
        except ValidationError as error:
            raise InvalidValue("email", error) from None
    claim = identifiers.claim("email", email)
    proved_by_another = claim is not None and claim.verified_at is not None and claim.user_id != user.pk
    namesake = identifiers.user_with_username(email)
    is_anothers = proved_by_another or (namesake is not None and namesake.pk != user.pk)
    delivery.send("change", None if field is None or is_anothers else user, email)


@sensitive_variables()
def verify(token: str, request: HttpRequest | None = None) -> AbstractBaseUser:
    """Whoever opens the link has the address. Which link it is, its prefix says and its row:

    A proof of the stored address. The first one of a new email: it becomes the stored one, every login and, as a
    rule, every API key ends, and the old address is sent a way back. That way back: it becomes the stored one again,
    every login and API key ends, and so does the password, which whoever changed the address knew; a link to choose
    another follows.

    An account that has this address without having proved it loses it. Raises ``LinkInvalid``, or ``EmailTaken`` if
    another account has proved it.
    """
    row = links.find(token, Purpose.VERIFY, Purpose.CHANGE, Purpose.REVERT)
    user: Any = row.user
    if user is None:
        raise LinkInvalid

    def settle() -> AbstractBaseUser | None:
        if not user_model.lock(user):
            raise LinkInvalid
        # As it is now that nobody else can change it.
        user.refresh_from_db(using=user_model.all_users().db)
        if row.purpose == Purpose.VERIFY and not identifiers.has(user, "email", row.email):
            raise LinkInvalid
        links.redeem(row)
        if row.purpose == Purpose.CHANGE:
            _offer_way_back(user)
        loser = _own(user, row.email)
        if row.purpose != Purpose.VERIFY:
            sessions.end_others(user)
            links.revoke(user, Purpose.RESET, Purpose.VERIFY, Purpose.CHANGE)
        if row.purpose == Purpose.REVERT:
            _lock_out(user, row)
        return loser

    try:
        loser = atomic_with_retry(settle, AuthToken)
    except IntegrityError:
        # A unique index of the user model's sees an account that has no claim on the address.
        raise EmailTaken from None
    if loser is not None:
        signals.email_changed.send(user=loser, way="lost")
    if row.purpose == Purpose.VERIFY:
        signals.email_verified.send(user=user, request=request)
    else:
        signals.email_changed.send(user=user, request=request, way=row.purpose)
    proved: AbstractBaseUser = user
    return proved


def _offer_way_back(user: AbstractBaseUser) -> None:
    if "email" not in conf.NOTIFICATIONS:
        return
    # Not to an address that may never have been the user's, where proofs are asked for: to correct a typing error must
    # not give the account to whoever got its mail.
    old = identifiers.claim("email", user_model.email_of(user))
    if old is not None and old.user_id == user.pk and (old.verified_at or conf.EMAIL_VERIFICATION == "off"):
        # In its place already: a thief's own way back must come after this one, in whichever order letters are written.
        row_id = links.reserve(Purpose.REVERT, user_model.email_of(user), user)
        delivery.send("revert", user, user_model.email_of(user), row=str(row_id))


def _own(user: AbstractBaseUser, email: str) -> AbstractBaseUser | None:
    """Give the user the address as a proved one; whoever had it without having proved it loses it, and is returned."""
    claim = identifiers.claim("email", email)
    loser = claim.user if claim is not None and claim.user_id != user.pk else None
    if claim is not None and loser is not None:
        if claim.verified_at is not None:
            raise EmailTaken
        _store(loser, _vacant())
    if user_model.email_of(user) != email:
        _store(user, email)
    else:
        identifiers.sync(user)
    if not identifiers.mark_verified(user, email, clock.now()):
        raise EmailTaken
    return loser


def _store(user: Any, email: str | None) -> None:
    name = user_model.email_field() or ""
    setattr(user, name, email)
    user.save(update_fields=[name])


def _vacant() -> str | None:
    """What stands in the place of an address that is lost. RFC 2606 promises that nobody has one in ``.invalid``."""
    name = user_model.email_field() or ""
    field = user_model.field(name)
    if field is not None and field.null:
        return None
    return f"{secrets.token_hex(16)}@lost.invalid" if user_model.is_unique(name) else ""


def _lock_out(user: AbstractBaseUser, row: OneTimeToken) -> None:
    """Whoever changed the address keeps nothing: no login, no key, no password, no way back of his own."""
    token_store.revoke(user)
    links.revoke_newer(row)
    # Not an unusable one: that is for accounts whose password another system holds, and they get no reset.
    passwords.store(user, secrets.token_urlsafe(32))
    delivery.send("reset", user)
