"""Verify, change and revert e-mail addresses. Knows neither DRF nor HTTP bodies."""

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
    """Send a new user a link that ``verify`` accepts, unless EMAIL_VERIFICATION is off."""
    if conf.EMAIL_VERIFICATION != "off":
        delivery.send("verify", user)


def resend_verification(email: str) -> None:
    """Send the user who has not yet verified this address another link. The work is the same for any other address."""
    claim = identifiers.claim("email", email)
    is_unverified = claim is not None and claim.verified_at is None and conf.EMAIL_VERIFICATION != "off"
    delivery.send("verify", claim.user if claim is not None and is_unverified else None)


def mark_verified(user: AbstractBaseUser) -> bool:
    """Mark the user's address as verified by your project. False if it belongs to another user or is empty."""
    return identifiers.mark_verified(user, user_model.email_of(user), clock.now())


@sensitive_variables()
def request_change(
    user: AbstractBaseUser, email: str, evidence: Evidence | str, request: HttpRequest | None = None
) -> None:
    """Send a link to the user's new e-mail address; the old one stays until that link is opened.

    ``evidence`` is the current password as a ``str``, or other evidence. Raises ``WrongCurrentPassword``, or what other
    evidence raises; ``InvalidValue`` for an address that the model's field refuses. An address that another user has
    verified gets no e-mail, and the result is the same.
    """
    reauthentication.reauthenticate(user, evidence, request)
    email = user_model.normalize_email(email)
    if (field := user_model.field(user_model.email_field() or "")) is not None:
        try:
            field.clean(email, None)
            links.check_email(email, user)
        except ValidationError as error:
            raise InvalidValue("email", error) from None
    claim = identifiers.claim("email", email)
    verified_by_another = claim is not None and claim.verified_at is not None and claim.user_id != user.pk
    namesake = identifiers.user_with_username(email)
    is_taken = verified_by_another or (namesake is not None and namesake.pk != user.pk)
    delivery.send("change", None if field is None or is_taken else user, email)


@sensitive_variables()
def verify(token: str, request: HttpRequest | None = None) -> AbstractBaseUser:
    """Verify the e-mail address that the ``token`` was sent to; returns the user. What else happens depends on it.

    - A verification link: nothing else.
    - The link to a new address: it becomes the stored one; all logins end, and all API keys unless
      KEEP_KEYS_ON_CHANGE; the old address is notified, with a revert link if it was verified.
    - A revert link: the old address becomes the stored one again; all logins and API keys end. The password is
      replaced, because it was needed to change the address, and a reset link is sent.

    Another account that has this address unverified loses it. Raises ``LinkInvalid``, or ``EmailTaken`` if another
    account has verified it.
    """
    row = links.find(token, Purpose.VERIFY, Purpose.CHANGE, Purpose.REVERT)
    user: Any = row.user
    if user is None:
        raise LinkInvalid

    def apply() -> AbstractBaseUser | None:
        if not user_model.lock(user):
            raise LinkInvalid
        # Again, now that the row is locked.
        user.refresh_from_db(using=user_model.all_users().db)
        if row.purpose == Purpose.VERIFY and not identifiers.has(user, "email", row.email):
            raise LinkInvalid
        links.redeem(row)
        if row.purpose == Purpose.CHANGE:
            _notify_old_address(user)
        previous_owner = _assign(user, row.email)
        if row.purpose != Purpose.VERIFY:
            sessions.end_others(user)
            links.revoke(user, Purpose.RESET, Purpose.VERIFY, Purpose.CHANGE)
        if row.purpose == Purpose.REVERT:
            _revoke_access(user, row)
        return previous_owner

    try:
        previous_owner = atomic_with_retry(apply, AuthToken)
    except IntegrityError:
        # A unique index of the user model found an account without a row in Identifier.
        raise EmailTaken from None
    if previous_owner is not None:
        signals.email_changed.send(user=previous_owner, way="lost")
    if row.purpose == Purpose.VERIFY:
        signals.email_verified.send(user=user, request=request)
    else:
        signals.email_changed.send(user=user, request=request, way=row.purpose)
    verified: AbstractBaseUser = user
    return verified


def _notify_old_address(user: AbstractBaseUser) -> None:
    """Tell the stored address, before it changes, that it does; with a link that restores it if it is verified."""
    if "email" not in conf.NOTIFICATIONS:
        return
    email = user_model.email_of(user)
    old = identifiers.claim("email", email)
    if old is None or old.user_id != user.pk:
        return
    if old.verified_at is None:
        # Without a link: if the user corrects a mistyped address, its owner must not get the account.
        delivery.send("email_changed", user, email)
    else:
        # Reserved now: it must be older than the attacker's own revert link, whichever e-mail is written first.
        row_id = links.reserve(Purpose.REVERT, email, user)
        delivery.send("revert", user, email, row=str(row_id))


def _assign(user: AbstractBaseUser, email: str) -> AbstractBaseUser | None:
    """Store the address as the user's, verified. Takes it from a user who has it unverified; returns that user."""
    claim = identifiers.claim("email", email)
    previous_owner = claim.user if claim is not None and claim.user_id != user.pk else None
    if claim is not None and previous_owner is not None:
        if claim.verified_at is not None:
            raise EmailTaken
        _store(previous_owner, _placeholder())
    if user_model.email_of(user) != email:
        _store(user, email)
    else:
        identifiers.sync(user)
    if not identifiers.mark_verified(user, email, clock.now()):
        raise EmailTaken
    return previous_owner


def _store(user: Any, email: str | None) -> None:
    name = user_model.email_field() or ""
    setattr(user, name, email)
    user.save(update_fields=[name])


def _placeholder() -> str | None:
    """What replaces an address that was taken away. RFC 2606 reserves ``.invalid``, so no mailbox can have it."""
    name = user_model.email_field() or ""
    field = user_model.field(name)
    if field is not None and field.null:
        return None
    return f"{secrets.token_hex(16)}@lost.invalid" if user_model.is_unique(name) else ""


def _revoke_access(user: AbstractBaseUser, row: OneTimeToken) -> None:
    """End every access of the attacker who changed the address: logins, keys, password and later revert links."""
    token_store.revoke(user)
    links.revoke_newer(row)
    # Not an unusable one: that would mean that another system checks the password, and no reset link would be sent.
    passwords.store(user, secrets.token_urlsafe(32))
    delivery.send("reset", user)
