"""The e-mails: what they say, whether they are still sent, and the one-time token in their link.

``delivery`` decides when an e-mail is sent and by what: a task, a thread, or at once.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.timesince import timesince
from django.views.decorators.debug import sensitive_variables

from .. import signals
from ..conf import conf
from ..db import clock
from ..exceptions import LinkInvalid, TooManyAttempts
from ..identity import folding, identifiers, user_model
from ..models import OneTimeToken
from ..throttling import attempts
from ..tokens import links, redaction
from . import known_devices

logger = logging.getLogger("django_simple_auth")


class DeliveryFailed(Exception):
    """The e-mail was not sent, and ``signals.mail_failed`` has said so. Carries neither token nor address."""


class _Link(str):
    """A link whose ``repr`` hides it: Django logs the whole context when a template uses an unknown variable."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<link>"


@sensitive_variables()
def deliver(
    message: str,
    user_id: str,
    email: str,
    language: str,
    fingerprint: str = "",
    facts: Mapping[str, str] | None = None,
) -> None:
    """Render and send the e-mail ``message``, unless the user has been deleted or disabled or has no address.

    ``email`` is the recipient; if it is empty, the user's stored address. ``fingerprint`` is that of the password when
    the e-mail was requested. Raises ``DeliveryFailed`` after sending the signal, so that a task queue can retry.
    """
    facts = facts or {}
    # First: most logins are from a known device, and then nothing else is looked up.
    if "device" in facts and known_devices.recognize(user_id, facts["device"]):
        return
    user = user_model.all_users().filter(pk=user_id).first() if user_id else None
    if user is None and message != OneTimeToken.Purpose.INVITE:
        return
    if user is not None and not (user.is_active and (email := email or user_model.email_of(user))):
        return
    # A new password revokes these links, also those that are still in the queue.
    is_bound = bool(fingerprint) and message in links.ENDED_BY_NEW_PASSWORD
    if is_bound and not constant_time_compare(fingerprint, password_fingerprint(user)):
        return
    if user is not None and "device" in facts and not known_devices.remember(user, facts["device"]):
        return
    try:
        # Limit e-mail per address. Revert links are exempt: an attacker could use up the limit first.
        if message != OneTimeToken.Purpose.REVERT:
            attempts.hit("mail", message, folding.fold(email))
        with translation.override(language):
            _render(message, user, email, facts).send()
    except LinkInvalid:
        # The user was deleted, or changed the password, while the e-mail was rendered.
        return
    except TooManyAttempts:
        signals.rate_limit_exceeded.send(user=user, scope="mail", message=message)
    except Exception as error:  # noqa: BLE001  (a template or a mail server can raise anything)
        report_failure(message, user, error)
        if user is not None and "device" in facts:
            # The user was not told, so the device must still be new when the task is retried.
            known_devices.forget(user, facts["device"])
        raise DeliveryFailed(f"{message}: {type(error).__name__}") from None


def report_failure(message: str, user: AbstractBaseUser | None, error: Exception) -> None:
    """Log that an e-mail was not sent, and send ``signals.mail_failed``."""
    # Without the traceback: the link is in the variables of many frames, and error reports show those.
    reason = str(error)
    if redaction.mentions_token(reason):
        reason = "(its text quotes the link of the e-mail)"
    logger.error("The e-mail %r could not be sent: %s: %s", message, type(error).__name__, reason)
    signals.mail_failed.send(user=user, message=message, error=type(error).__name__)


def password_fingerprint(user: AbstractBaseUser | None) -> str:
    """A value that changes with the user's password, and from which neither password nor hash can be computed."""
    password = "" if user is None else user.password
    return salted_hmac("django_simple_auth.mail.delivery", password, algorithm="sha256").hexdigest()


@sensitive_variables()
def _render(
    message: str, user: AbstractBaseUser | None, email: str, facts: Mapping[str, str]
) -> EmailMultiAlternatives:
    # Never send user-chosen text to an unverified address.
    name = email
    if user is not None and identifiers.has(user, "email", email) and identifiers.is_verified(user):
        name = user.get_username()
    context: dict[str, Any] = {
        "site_name": conf.SITE_NAME,
        "user": user,
        "name": name,
        "email": email,
        "facts": facts,
    }
    if message in OneTimeToken.Purpose.values:
        purpose = OneTimeToken.Purpose(message)
        context["lifetime"] = _in_words(links.LIFETIMES[purpose])
        # First, so that no token is issued that cannot be sent.
        pattern = _public_url() + conf.FRONTEND_URLS[message]
        row_id = facts.get("row")
        secret = links.issue(purpose, email, user) if row_id is None else links.renew(purpose, row_id)
        context["link"] = _Link(pattern.replace("{token}", secret))
    template = f"django_simple_auth/mail/{message}"
    context["subject"] = " ".join(render_to_string(f"{template}.subject.txt", context).split())
    text = render_to_string(f"{template}.txt", context)
    html = render_to_string(f"{template}.html", context)
    built = EmailMultiAlternatives(context["subject"], text, to=[email])
    if html.strip():
        built.attach_alternative(html, "text/html")
    return built


def _in_words(lifetime: timedelta) -> str:
    """Such as "30 minutes", in the active language."""
    # Django's own words, which it has in more languages than we do; it joins them with no-break spaces.
    now = clock.now()
    return timesince(now, now + lifetime).replace("\xa0", " ")


def _public_url() -> str:
    if (url := conf.PUBLIC_URL) is None:
        raise ImproperlyConfigured(
            "Set SIMPLE_AUTH['PUBLIC_URL'] to the address of your pages, such as 'https://www.example.com': links in "
            "e-mails are built from it, and never from the Host header, which the client chooses."
        )
    return url
