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


class AccountSignal(Signal):
    """A signal that writes its own log record.

    Receivers get ``user`` (None: nobody known), ``request`` (None: none), and the facts of the event by name. One that
    fails is logged and keeps nobody else from hearing it.
    """

    def __init__(self, name: str, level: int = logging.INFO) -> None:
        super().__init__()
        self.name = name
        self.level = level

    def send(self, sender: Any = None, **named: Any) -> list[tuple[Any, Any]]:
        """Write the log record, then call the receivers. ``user`` and ``request`` may be left out.

        All other arguments are what a log may hold: numbers and codes, never a secret.
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
