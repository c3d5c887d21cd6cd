"""What happened to accounts: for each thing one log record and one Django signal.

The records go to the logger ``django_simple_auth.security``, named after OWASP's logging vocabulary; all that they
carry in ``extra`` can be written as JSON. Neither record nor signal carries a secret, or a name that nobody bears.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.dispatch import Signal
from django.http import HttpRequest

logger = logging.getLogger("django_simple_auth.security")


class Event(Signal):
    """A signal that writes its own log record.

    Receivers get ``user`` (None: nobody known), ``request`` (None: none), and the facts of the event by name. One that
    fails is logged and keeps nobody else from hearing it.
    """

    def __init__(self, name: str, level: int = logging.INFO) -> None:
        super().__init__()
        self.name = name
        self.level = level

    def tell(
        self, user: AbstractBaseUser | None = None, request: HttpRequest | None = None, **facts: str | int | None
    ) -> None:
        """Say that it happened. ``facts`` are what a log may hold: numbers, codes, never a secret."""
        user_id = None if user is None else str(user.pk)
        extra: dict[str, Any] = {"event": self.name, "user_id": user_id, "facts": facts}
        if request is not None:
            extra["address"] = request.META.get("REMOTE_ADDR")
        logger.log(self.level, "%s:%s", self.name, user_id, extra=extra)
        for receiver, answer in self.send_robust(sender=self, user=user, request=request, **facts):
            if isinstance(answer, Exception):
                logger.error("A receiver of %s failed: %r", self.name, receiver, exc_info=answer)


registered = Event("user_created")
invited = Event("user_invited")
updated = Event("user_updated")
deleted = Event("user_deleted", logging.WARNING)
logged_in = Event("authn_login_success")
login_refused = Event("authn_login_fail", logging.WARNING)
limit_exceeded = Event("excess_rate_limit_exceeded", logging.WARNING)
session_ended = Event("authn_token_revoked")
token_rotated = Event("authn_token_created")
token_replayed = Event("authn_token_reuse", logging.CRITICAL)
password_changed = Event("authn_password_change")
reset_asked = Event("authn_password_reset_request")
email_verified = Event("user_email_verified")
email_changed = Event("user_email_changed", logging.WARNING)
key_created = Event("authn_key_created")
key_deleted = Event("authn_key_deleted")
key_expires_soon = Event("authn_key_expires_soon", logging.WARNING)
mail_failed = Event("sys_mail_fail", logging.ERROR)
