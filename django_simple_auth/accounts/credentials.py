"""Check a user name or an e-mail address with a password."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import authenticate as django_authenticate
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.views.decorators.debug import sensitive_variables

from .. import sessions, signals
from ..conf import conf
from ..exceptions import (
    AccountDisabled,
    EmailNotVerified,
    InvalidCredentials,
    SimpleAuthError,
    UnknownUser,
    WrongPassword,
)
from ..identity import folding, identifiers, user_model
from . import hashing, password_upgrades

BLANK = " "
"""Counted instead of a missing name, so that attempts without a name are limited, too."""


@sensitive_variables()
def authenticate(
    *,
    password: str,
    username: str | None = None,
    email: str | None = None,
    request: HttpRequest | None = None,
    disclose_cause: bool = False,
) -> AbstractBaseUser:
    """The user with this ``username`` or ``email``, if AUTHENTICATION_BACKENDS accept the password.

    This only checks the password; ``log_in`` is the whole login, with throttling and every step.

    Raises ``InvalidCredentials``, whatever the cause. Its subclass ``EmailNotVerified`` is raised only after the right
    password, and never if SIMPLE_AUTH["REGISTRATION"] is "verify_first". With ``disclose_cause`` it raises
    ``UnknownUser``, ``WrongPassword`` or ``AccountDisabled``, which costs one more query and one more hashing.
    """
    try:
        return _check(username or "", email, password, request, disclose_cause)
    except InvalidCredentials as error:
        send_login_failed(email or username or "", error, request)
        raise


@dataclass(frozen=True, repr=False)
class PasswordFactor:
    """A username or an e-mail address with a password, as the first factor of a login.

    If both are given, the e-mail address counts.
    """

    password: str
    username: str | None = None
    email: str | None = None
    disclose_cause: bool = False

    @property
    def identifier(self) -> str:
        # What ``_check`` looks up, and nothing else: a client that sends both could name a new user at each attempt.
        return self.email or self.username or BLANK

    @sensitive_variables()
    def verify(self, request: HttpRequest | None) -> tuple[AbstractBaseUser, Q]:
        user = _check(self.username or "", self.email, self.password, request, self.disclose_cause)
        return user, sessions.password_unchanged(user)


def send_login_failed(
    identifier: str, error: SimpleAuthError, request: HttpRequest | None, user: AbstractBaseUser | None = None
) -> None:
    """Send ``login_failed``. ``user`` is the user who tried to log in; None unless the first factor was right."""
    # Users sometimes type the password into this field. The digest is keyed, so that it cannot be tried out on names.
    name = salted_hmac("django_simple_auth.signals", folding.skeleton(identifier), algorithm="sha256")
    signals.login_failed.send(user=user, request=request, name=name.hexdigest(), code=error.code)


def login_kinds() -> tuple[str, ...]:
    """The kinds of identifiers that users may log in with in any case; if empty, only the stored login field."""
    # A model that logs in by e-mail may have a username as well, and users may type either.
    by_default = user_model.identifier_kinds().values() if user_model.login_field() == user_model.email_field() else ()
    return conf.LOGIN_METHODS or tuple(by_default)


@sensitive_variables()
def _check(
    username: str, email: str | None, password: str, request: HttpRequest | None, disclose_cause: bool
) -> AbstractBaseUser:
    stored = _by_email(email) if email else _by_username(username)
    try:
        # No user can have this name, and a backend would fail with it.
        user_model.check_login_name(stored)
    except ValidationError:
        hashing.spend(password)
        raise UnknownUser if disclose_cause else InvalidCredentials from None
    user = password_upgrades.check(lambda: _ask_backends(stored, password, request), password)
    if user is not None and not email and not _is_login_method(user, username):
        user = None
    # Also for an unknown user, so that the number of queries does not disclose who exists.
    is_verified = conf.EMAIL_VERIFICATION != "required" or identifiers.is_verified(user or get_user_model()())
    if user is None or not user.is_active:
        raise _cause(stored, password) if disclose_cause else InvalidCredentials
    if not is_verified:
        # After registering another person's address, an attacker would learn from it that the address was unknown.
        raise InvalidCredentials if conf.REGISTRATION == "verify_first" else EmailNotVerified
    return user


@sensitive_variables()
def _ask_backends(stored: str, password: str, request: HttpRequest | None) -> AbstractBaseUser | None:
    try:
        with hashing.guard():
            return django_authenticate(request, username=stored, password=password)
    except hashing.Unhashable:
        # The failed login that Django would have reported if the hasher had returned False.
        user_login_failed.send(sender=__name__, credentials={"username": stored}, request=request)
        raise


def _by_username(typed: str) -> str:
    """The stored login name of the user with this identifier; what was typed if there is none. At most one query."""
    kinds = login_kinds()
    if not kinds:
        return user_model.normalize_username(typed)
    found = identifiers.holders(dict.fromkeys(kinds, typed))
    # Text with an "@" is an e-mail address first: a username equal to another user's address must not lock them out.
    first, second = ("email", "username") if "@" in typed else ("username", "email")
    user = found.get(first, found.get(second))
    return user_model.normalize_username(typed) if user is None else user.get_username()


def _is_login_method(user: AbstractBaseUser, typed: str) -> bool:
    """Whether LOGIN_METHODS allows this user to log in with what was typed."""
    kinds = conf.LOGIN_METHODS
    return not kinds or "username" in kinds or identifiers.has(user, "email", typed)


def _by_email(typed: str) -> str:
    """The stored login name of the user with this e-mail address; the address itself if there is none."""
    user = identifiers.holder("email", typed)
    return typed if user is None else user.get_username()


@sensitive_variables()
def _cause(stored: str, password: str) -> InvalidCredentials:
    """The exception that discloses why the login failed."""
    user = user_model.manager().filter(**{user_model.login_field(): stored}).first()
    if user is not None and not user.is_active:
        is_right = password_upgrades.check(lambda: user.check_password(password), password)
        return AccountDisabled() if is_right else WrongPassword()
    # Takes as long as check_password(), so that the response time does not disclose disabled accounts.
    hashing.spend(password)
    return UnknownUser() if user is None else WrongPassword()
