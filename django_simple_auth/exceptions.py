"""Why a service says no: one exception per cause, under one root.

A refusal knows its cause, a code for machines and a text for people. What it looks like to a client, and under which
status, is the contract's business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class SimpleAuthError(Exception):
    """Root of all refusals. ``field`` is the domain's name of the input that is to blame, if one is."""

    code: ClassVar[str] = "refused"
    message: ClassVar[str | Promise] = _("The request was refused.")
    field: str | None = None

    def __str__(self) -> str:
        return str(self.message)


class InvalidCredentials(SimpleAuthError):
    """These credentials open no account. Contracts answer all causes below alike unless they promise otherwise."""

    code = "invalid_credentials"
    message = _("Unable to log in with provided credentials.")


class UnknownUser(InvalidCredentials):
    """Nobody goes by that name. Raised only where a contract promises to tell."""


class WrongPassword(InvalidCredentials):
    """Somebody does, but that is not the password. Raised only where a contract promises to tell."""


class AccountDisabled(InvalidCredentials):
    """The right password for an account that is not active. Raised only where a contract promises to tell."""

    code = "account_disabled"
    message = _("This account is disabled.")


class CredentialsOutdated(InvalidCredentials):
    """They were right when they were checked; the password, or only its hash, has been replaced since."""


class ChallengeRequired(InvalidCredentials):
    """So far the login is right, but it needs another request, such as one with a code.

    ``data`` is what the client needs for that. A contract that has no room for it answers like ``InvalidCredentials``.
    """

    code = "challenge_required"

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.data = data


class EmailNotVerified(InvalidCredentials):
    """The right password, but the account must prove its address first."""

    code = "email_unverified"
    message = _("Open the link in the mail that we have sent you first.")


class TokenRejected(SimpleAuthError):
    """A token of ours that opens nothing."""


class TokenInvalid(TokenRejected):
    """Mistyped, revoked, or never issued."""

    code = "token_invalid"
    message = _("Invalid token.")


class TokenExpired(TokenRejected):
    """It was good once; log in again."""

    code = "token_expired"
    message = _("The token has expired.")


class ResourceNotFound(SimpleAuthError):
    """What the request names is not there, or is somebody else's; nobody is told which."""

    code = "not_found"
    message = _("Not found.")


class SessionNotFound(ResourceNotFound):
    """The user has no such session."""


class KeyNotFound(ResourceNotFound):
    """The user has no such API key."""


class NotAllowed(SimpleAuthError):
    """Nobody may do this here, whoever asks."""

    code = "permission_denied"


class RegistrationClosed(NotAllowed):
    """SIMPLE_AUTH["REGISTRATION"] leaves no way in by this endpoint."""

    code = "registration_closed"
    message = _("Registration is closed.")


class LinkInvalid(SimpleAuthError):
    """A mailed secret that is mistyped, used, replaced, too old, or of an account that has ended or been disabled."""

    code = "link_invalid"
    message = _("This link is invalid or has expired.")
    field = "token"


class InvitationInvalid(LinkInvalid):
    """No invitation, one that is good no more, or one to another address."""

    field = "invitation"


class PasswordResetUnavailable(SimpleAuthError):
    """No letter lets this user choose another password. Raised only to the host's own; a stranger is never told."""

    code = "reset_impossible"


class AccountInactive(PasswordResetUnavailable):
    """Nobody may log in to it, with whatever password."""

    message = _("This account is disabled.")


class UnusablePassword(PasswordResetUnavailable):
    """The account's password is unusable: another system holds the one that counts."""

    message = _("This account does not log in by a password.")


class EmailMissing(PasswordResetUnavailable):
    """There is nowhere to send it."""

    message = _("This account has no e-mail address.")


class WrongCurrentPassword(SimpleAuthError):
    """Whoever holds a login of the account does not know its password."""

    code = "wrong_password"
    message = _("This is not your current password.")
    field = "current_password"


class AccountInUse(SimpleAuthError):
    """The host's own records protect the account that they belong to."""

    code = "account_in_use"
    message = _("This account cannot be deleted, because other records depend on it.")


class TooManyAttempts(SimpleAuthError):
    """Too many attempts; ``retry_after`` is in seconds."""

    code = "throttled"
    message = _("Too many attempts.")

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class UsernameTaken(SimpleAuthError):
    code = "username_taken"
    message = _("A user with that username already exists.")
    field = "username"


class EmailTaken(SimpleAuthError):
    code = "email_taken"
    message = _("A user with that email already exists.")
    field = "email"


class InvalidValue(SimpleAuthError):
    """A validator of the user model, or of AUTH_PASSWORD_VALIDATORS, refused the value of ``field``."""

    code = "invalid"

    def __init__(self, field: str, error: ValidationError) -> None:
        super().__init__(field, error)
        self.field = field
        self.error = error

    def __str__(self) -> str:
        return " ".join(self.error.messages)


class ValidationErrors(SimpleAuthError):
    """All that is wrong with one request, so that a form can show it at once."""

    code = "invalid"

    def __init__(self, errors: Sequence[SimpleAuthError]) -> None:
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        return " ".join(map(str, self.errors))
