"""One Django signal and one log record for each event in an account's life.

The records go to the logger ``django_simple_auth.security``. Their names follow the OWASP Logging Vocabulary Cheat
Sheet, and everything in ``extra`` can be written as JSON. Neither contains a secret, nor a user name that belongs to
no user.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.dispatch import Signal
from django.http import HttpRequest

logger = logging.getLogger("django_simple_auth.security")


class AccountSignal(Signal):
    """A signal that also writes a log record.

    Receivers get ``user`` and ``request``, each possibly None, and the facts of the event by name. An exception in a
    receiver is logged; the other receivers are still called.
    """

    def __init__(self, name: str, level: int = logging.INFO) -> None:
        super().__init__()
        self.name = name
        self.level = level

    def send(self, sender: Any = None, **named: Any) -> list[tuple[Any, Any]]:
        """Write the log record, then call the receivers. ``user`` and ``request`` are optional.

        All other arguments are facts that may be logged: numbers and codes, never a secret.
        """
        user: AbstractBaseUser | None = named.pop("user", None)
        request: HttpRequest | None = named.pop("request", None)
        user_id = None if user is None else str(user.pk)
        extra: dict[str, Any] = {"event": self.name, "user_id": user_id, "facts": named}
        if request is not None:
            extra["ip_address"] = request.META.get("REMOTE_ADDR")
        logger.log(self.level, "%s:%s", self.name, user_id, extra=extra)
        answers = self.send_robust(sender=sender or type(user), user=user, request=request, **named)
        for receiver, answer in answers:
            if isinstance(answer, Exception):
                logger.error("A receiver of %s failed: %r", self.name, receiver, exc_info=answer)
        return answers


registered = AccountSignal("user_created")
invited = AccountSignal("user_invited")
updated = AccountSignal("user_updated")
deleted = AccountSignal("user_deleted", logging.WARNING)
logged_in = AccountSignal("authn_login_success")
login_failed = AccountSignal("authn_login_fail", logging.WARNING)
rate_limit_exceeded = AccountSignal("excess_rate_limit_exceeded", logging.WARNING)
session_ended = AccountSignal("authn_token_revoked")
token_rotated = AccountSignal("session_renewed")
token_reused = AccountSignal("authn_token_reuse", logging.CRITICAL)
password_changed = AccountSignal("authn_password_change")
reauthentication_failed = AccountSignal("authn_password_change_fail", logging.WARNING)
password_reset_requested = AccountSignal("authn_password_reset_request")
email_verified = AccountSignal("user_email_verified")
email_changed = AccountSignal("user_email_changed", logging.WARNING)
key_created = AccountSignal("authn_token_created")
key_deleted = AccountSignal("authn_token_delete")
key_expires_soon = AccountSignal("authn_token_expires_soon", logging.WARNING)
mail_failed = AccountSignal("sys_mail_fail", logging.ERROR)
