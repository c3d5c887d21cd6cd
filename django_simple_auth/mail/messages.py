"""What a letter says, to whom it still goes, and the secret in its link. Not who hands it over, or when."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..conf import conf
from ..exceptions import LinkInvalid, TooManyAttempts
from ..identity import folding, identifiers, user_model
from ..models import OneTimeToken
from ..throttling import attempts
from ..tokens import links, redaction
from . import known_devices

logger = logging.getLogger("django_simple_auth")


class DeliveryFailed(Exception):
    """The letter did not leave, and that has been told. Carries neither secret nor address."""


class _Link(str):
    """Prints nothing of itself: of a template that asks for what is not there, Django logs all that is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<link>"


@sensitive_variables()
def deliver(
    letter: str, key: str, email: str, language: str, stamp: str = "", facts: Mapping[str, str] | None = None
) -> None:
    """Write and send a letter to the user with this primary key, unless what became of the user makes it pointless.

    Raises ``Undelivered``, after the event, for a task queue that tries again.
    """
    user = user_model.all_users().filter(pk=key).first() if key else None
    if user is None and letter != OneTimeToken.Purpose.INVITE:
        return
    if user is not None and not (user.is_active and (email := email or user_model.email_of(user))):
        return
    # A new password must find in the queue, too, what it withdraws.
    if letter in links.ENDED_BY_NEW_PASSWORD and stamp and not constant_time_compare(stamp, password_fingerprint(user)):
        return
    facts = facts or {}
    if user is not None and "device" in facts and not known_devices.remember(user, facts["device"]):
        return
    try:
        # Nobody's mailbox is for strangers to fill. Nor is it for a thief to fill until the way back has no room.
        if letter != OneTimeToken.Purpose.REVERT:
            attempts.hit("mail", letter, folding.fold(email))
        with translation.override(language):
            _render(letter, user, email, facts).send()
    except LinkInvalid:
        # The user was deleted meanwhile.
        return
    except TooManyAttempts:
        signals.rate_limit_exceeded.send(user=user, scope="mail", letter=letter)
    except Exception as error:  # noqa: BLE001  (whatever it is, it is no answer to anybody)
        report_failure(letter, user, error)
        if user is not None and "device" in facts:
            # It has not been told; whoever tries again must find it new.
            known_devices.forget(user, facts["device"])
        raise DeliveryFailed(f"{letter}: {type(error).__name__}") from None


def report_failure(letter: str, user: AbstractBaseUser | None, error: Exception) -> None:
    """Tell that a letter did not leave."""
    # Without the traceback: the link is in the variables of many frames, and error reports show those.
    reason = str(error)
    if redaction.mentions_token(reason):
        reason = "(its text quotes the letter's link)"
    logger.error("The letter %r could not be sent: %s: %s", letter, type(error).__name__, reason)
    signals.mail_failed.send(user=user, letter=letter, error=type(error).__name__)


def password_fingerprint(user: AbstractBaseUser | None) -> str:
    """Whether the password is still the same, for a queue to keep: neither it nor its hash can be read from this."""
    password = "" if user is None else user.password
    return salted_hmac("django_simple_auth.mail.delivery", password, algorithm="sha256").hexdigest()


@sensitive_variables()
def _render(letter: str, user: AbstractBaseUser | None, email: str, facts: Mapping[str, str]) -> EmailMultiAlternatives:
    # To an email that may be a stranger's goes nothing that somebody else has chosen.
    name = email
    if user is not None and identifiers.has(user, "email", email) and identifiers.is_verified(user):
        name = user.get_username()
    context: dict[str, Any] = {"facts": facts, "user": user, "name": name, "email": email}
    if letter in OneTimeToken.Purpose.values:
        purpose = OneTimeToken.Purpose(letter)
        context["lifetime"] = links.LIFETIMES[purpose]
        # Before a secret is made that nobody could be sent.
        pattern = _public_url() + conf.FRONTEND_URLS[letter]
        row_id = facts.get("row")
        secret = links.issue(purpose, email, user) if row_id is None else links.renew(purpose, row_id)
        context["link"] = _Link(pattern.replace("{token}", secret))
    subject, text, html = (
        render_to_string(f"django_simple_auth/mail/{letter}.{kind}", context) for kind in ("subject.txt", "txt", "html")
    )
    message = EmailMultiAlternatives(" ".join(subject.split()), text, to=[email])
    if html.strip():
        message.attach_alternative(html, "text/html")
    return message


def _public_url() -> str:
    if (url := conf.PUBLIC_URL) is None:
        raise ImproperlyConfigured(
            "Links in mails need SIMPLE_AUTH['PUBLIC_URL'], such as 'https://www.example.com'. They are never built "
            "from the Host header, which is the client's to choose."
        )
    return url
