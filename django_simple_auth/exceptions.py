"""The exceptions that the services raise: one per cause, with one root.

Each has a code for programs and a message for people. The contract decides what a client gets, and with which status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class SimpleAuthError(Exception):
    """Root of all exceptions. ``field`` is the argument of the service that is wrong; None if it is no single one."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str | Promise] = _("The request was refused.")
    field: str | None = None

    def __str__(self) -> str:
        return str(self.message)


class InvalidCredentials(SimpleAuthError):
    """The login failed. Contracts answer all subclasses alike, unless a published contract discloses the cause."""

    code = "invalid_credentials"
    message = _("Unable to log in with provided credentials.")


class UnknownUser(InvalidCredentials):
    """No user has this name. Raised only where a contract discloses the cause."""


class WrongPassword(InvalidCredentials):
    """The user exists, but the password is wrong. Raised only where a contract discloses the cause."""


class AccountDisabled(InvalidCredentials):
    """The password is right, but the account is inactive. Raised only where a contract discloses the cause."""

    code = "account_disabled"
    message = _("This account is disabled.")


class CredentialsOutdated(InvalidCredentials):
    """The password, or its hash, was replaced after the credentials had been checked."""


class ChallengeRequired(InvalidCredentials):
    """So far the login is right, but it needs another request, such as one with a code.

    ``data`` is what the client needs for that. A contract that has no room for it answers like ``InvalidCredentials``.
    """

    code = "challenge_required"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.data = data


class EmailNotVerified(InvalidCredentials):
    """The password is right, but the user must verify the e-mail address first."""

    code = "email_unverified"
    message = _("Please verify your e-mail address first.")


class TokenRejected(SimpleAuthError):
    """A token with our prefix that grants no access."""


class TokenInvalid(TokenRejected):
    """The token is malformed, revoked, or was never issued."""

    code = "token_invalid"
    message = _("Invalid token.")


class TokenExpired(TokenRejected):
    """The token was valid but has expired. The user must log in again."""

    code = "token_expired"
    message = _("The token has expired.")


class ResourceNotFound(SimpleAuthError):
    """The object does not exist or belongs to another user; the answer does not tell which."""

    code = "not_found"
    message = _("Not found.")


class SessionNotFound(ResourceNotFound):
    """The user has no such session."""


class KeyNotFound(ResourceNotFound):
    """The user has no such API key."""


class NotAllowed(SimpleAuthError):
    """This action is not available to anyone."""

    code = "permission_denied"


class RegistrationClosed(NotAllowed):
    """SIMPLE_AUTH["REGISTRATION"] does not allow registration with this endpoint."""

    code = "registration_closed"
    message = _("Registration is closed.")


class LinkInvalid(SimpleAuthError):
    """A one-time token that is malformed, used, replaced or expired, or whose user has been deleted or disabled."""

    code = "link_invalid"
    message = _("This link is invalid or has expired.")
    field = "token"


class InvitationInvalid(LinkInvalid):
    """The invitation is missing, invalid, or was sent to another e-mail address."""

    field = "invitation"


class PasswordResetUnavailable(SimpleAuthError):
    """This user cannot be sent a reset link. Raised for staff and for the project's code; clients never see it."""

    code = "reset_impossible"


class AccountInactive(PasswordResetUnavailable):
    """The account is inactive."""

    message = _("This account is disabled.")


class UnusablePassword(PasswordResetUnavailable):
    """The account has an unusable password, for example because another system checks it."""

    message = _("This account does not use a password.")


class EmailMissing(PasswordResetUnavailable):
    """The account has no e-mail address."""

    message = _("This account has no e-mail address.")


class WrongCurrentPassword(SimpleAuthError):
    """The user is logged in, but the current password that was sent is wrong."""

    code = "wrong_password"
    message = _("This is not your current password.")
    field = "current_password"


class AccountInUse(SimpleAuthError):
    """The project's own records protect the user (``on_delete=PROTECT`` or ``RESTRICT``)."""

    code = "account_in_use"
    message = _("This account cannot be deleted, because other records depend on it.")


class TooManyAttempts(SimpleAuthError):
    """A limit was exceeded. ``retry_after``: seconds until the next attempt is allowed."""

    code = "throttled"
    message = _("Too many attempts.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class UsernameTaken(SimpleAuthError):
    """Another user has this username, in any case or Unicode form."""

    code = "username_taken"
    message = _("A user with that username already exists.")
    field = "username"


class EmailTaken(SimpleAuthError):
    """Another user has this e-mail address."""

    code = "email_taken"
    message = _("A user with that email already exists.")
    field = "email"


class InvalidValue(SimpleAuthError):
    """A validator of the user model, or one of AUTH_PASSWORD_VALIDATORS, rejected the value of ``field``."""

    code = "invalid"

    def __init__(self, field: str, error: ValidationError) -> None:
        super().__init__(field, error)
        self.field = field
        self.error = error

    def __str__(self) -> str:
        return " ".join(self.error.messages)


class ValidationErrors(SimpleAuthError):
    """All errors of one request, so that a form can show them together."""

    code = "invalid"

    def __init__(self, errors: Sequence[SimpleAuthError]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return " ".join(map(str, self.errors))
