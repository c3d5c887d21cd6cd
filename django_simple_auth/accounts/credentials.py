"""Check a user name or an e-mail address with a password."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth import authenticate as ask_backends
from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import make_password
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
from . import password_upgrades

BLANK = " "
"""Stands for a name that was left out: attempts without one are counted, too."""


@sensitive_variables()
def authenticate(
    *,
    password: str,
    username: str | None = None,
    email: str | None = None,
    request: HttpRequest | None = None,
    disclose_cause: bool = False,
) -> AbstractBaseUser:
    """The user, called by ``username`` or by ``email``, whom AUTHENTICATION_BACKENDS let in.

    This checks the password and no more; ``log_in`` is the whole login, throttled and with every step.

    Raises ``InvalidCredentials``, without saying why; ``EmailNotVerified`` is a subclass, raised only after the right
    password, and never where SIMPLE_AUTH["REGISTRATION"] is "verify_first". With ``disclose_cause`` it is
    ``UnknownUser``, ``WrongPassword`` or ``AccountDisabled``, each at one more query and one more run of the hasher.
    """
    try:
        return _let_in(username or "", email, password, request, disclose_cause)
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
        # What ``_let_in`` looks up, and nothing else: a client that sends both could name a new user at each attempt.
        return self.email or self.username or BLANK

    @sensitive_variables()
    def verify(self, request: HttpRequest | None) -> tuple[AbstractBaseUser, Q]:
        user = _let_in(self.username or "", self.email, self.password, request, self.disclose_cause)
        return user, sessions.password_unchanged(user)


def send_login_failed(
    identifier: str, error: SimpleAuthError, request: HttpRequest | None, user: AbstractBaseUser | None = None
) -> None:
    """Send ``login_failed``. ``user`` is who it would have been, if the first factor was right."""
    # Somebody may have typed a password where the name belongs. Keyed, so that nobody can try names out on it.
    name = salted_hmac("django_simple_auth.signals", folding.skeleton(identifier), algorithm="sha256")
    signals.login_failed.send(user=user, request=request, name=name.hexdigest(), code=error.code)


def login_kinds() -> tuple[str, ...]:
    """The kinds of names that people may type in any spelling; none where they type the login field as it is stored."""
    # A model that logs in by e-mail may have a user name as well; whoever is asked for a user name types that.
    by_default = user_model.identifier_kinds().values() if user_model.login_field() == user_model.email_field() else ()
    return conf.LOGIN_METHODS or tuple(by_default)


@sensitive_variables()
def _let_in(
    username: str, email: str | None, password: str, request: HttpRequest | None, disclose_cause: bool
) -> AbstractBaseUser:
    stored = _by_email(email) if email else _by_username(username)
    try:
        # What the field cannot hold is nobody's name; a backend would die of it.
        user_model.check_login_name(stored)
    except ValidationError:
        make_password(password)
        raise UnknownUser if disclose_cause else InvalidCredentials from None
    user = password_upgrades.check(lambda: ask_backends(request, username=stored, password=password), password)
    if user is not None and not email and not _may_be_called(user, username):
        user = None
    # Looked up for nobody, too, so that no query tells who was found.
    is_proved = conf.EMAIL_VERIFICATION != "required" or identifiers.is_verified(user or get_user_model()())
    if user is None or not user.is_active:
        raise _explanation(stored, password) if disclose_cause else InvalidCredentials
    if not is_proved:
        # A stranger who has registered somebody's address would learn from it that nobody else has.
        raise InvalidCredentials if conf.REGISTRATION == "verify_first" else EmailNotVerified
    return user


def _by_username(typed: str) -> str:
    """The stored login name of whoever is meant, by one look-up at most."""
    kinds = login_kinds()
    if not kinds:
        return user_model.normalize_username(typed)
    found = identifiers.holders(dict.fromkeys(kinds, typed))
    # What looks like an address is one: else somebody's user name could be another's address, and keep him out.
    first, second = ("email", "username") if "@" in typed else ("username", "email")
    user = found.get(first, found.get(second))
    return user_model.normalize_username(typed) if user is None else user.get_username()


def _may_be_called(user: AbstractBaseUser, typed: str) -> bool:
    """Whether LOGIN_METHODS lets the user log in by what was typed."""
    kinds = conf.LOGIN_METHODS
    return not kinds or "username" in kinds or identifiers.has(user, "email", typed)


def _by_email(typed: str) -> str:
    """The login name of whoever has this address; the address itself if nobody does."""
    user = identifiers.holder("email", typed)
    return typed if user is None else user.get_username()


@sensitive_variables()
def _explanation(stored: str, password: str) -> InvalidCredentials:
    user = user_model.manager().filter(**{user_model.login_field(): stored}).first()
    if user is not None and not user.is_active:
        is_right = password_upgrades.check(lambda: user.check_password(password), password)
        return AccountDisabled() if is_right else WrongPassword()
    # As long as check_password() takes, so that the clock does not tell who is disabled.
    make_password(password)
    return UnknownUser() if user is None else WrongPassword()
