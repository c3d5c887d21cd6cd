"""The whole login, in one order: throttle, first factor, further steps, clear the counters, grant."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_login_failed
from django.db.models import Q
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import sessions
from ..conf import conf
from ..exceptions import ChallengeRequired, CredentialsOutdated, SimpleAuthError
from ..throttling import logins
from ..throttling.network import network_of
from ..tokens.issuing import Issued
from .credentials import PasswordFactor, send_login_failed

_T = TypeVar("_T")


class FirstFactor(Protocol):
    """What a login begins with: a password, or in future a passkey, a one-time code or an external identity."""

    @property
    def identifier(self) -> str:
        """The name under which attempts are counted; "" if the factor has no name, so that none are counted."""

    def verify(self, request: HttpRequest | None) -> tuple[AbstractBaseUser, Q]:
        """The user, and the condition on the user's row that the grant is bound to. Raises ``InvalidCredentials``.

        Called a second time in the same login if the condition no longer holds when the login is granted.
        """


@dataclass(eq=False)
class LoginAttempt:
    """A login whose first factor is right. Every step gets it as its argument."""

    user: AbstractBaseUser
    request: HttpRequest | None
    """None without HTTP."""
    ip_address: str
    device: str
    extra: Mapping[str, Any] = field(repr=False)
    """The other fields of the contract's request, by ``source``."""
    factor_condition: Q = field(repr=False)
    step_conditions: Q = field(repr=False, default_factory=Q)

    def bind(self, condition: Q) -> None:
        """Require that this still holds for the user's row when the login is granted.

        Not for ``last_login``: the grant sets it.
        """
        self.step_conditions &= condition

    @property
    def bound_to(self) -> Q:
        """What must hold for the user's row when the login is granted."""
        return self.factor_condition & self.step_conditions


Step: TypeAlias = Callable[[LoginAttempt], None]
"""Raises a ``SimpleAuthError`` to refuse the login; ``ChallengeRequired`` to ask for another request. Returns None."""


@sensitive_variables()
def run(
    factor: FirstFactor,
    grant: Callable[[LoginAttempt], _T],
    *,
    request: HttpRequest | None = None,
    ip_address: str = "",
    device: str = "",
    extra: Mapping[str, Any] | None = None,
    steps: Sequence[Step] = (),
) -> _T:
    """Run the login and return what ``grant`` returns. ``steps`` run after those of SIMPLE_AUTH["LOGIN_STEPS"].

    Raises ``TooManyAttempts`` before anything is hashed; otherwise what the factor, a step or the grant raises. Every
    attempt counts, whichever of them failed; only a login that passes every step clears the counter.
    """
    identifier, network = factor.identifier, network_of(ip_address)
    # Before the password is checked: a path that cannot be imported must not tell who had the right one.
    all_steps = (*conf.LOGIN_STEPS, *steps)
    if identifier:
        logins.hit(identifier, network, request)
    user = None
    try:
        user, condition = factor.verify(request)
        attempt = LoginAttempt(user, request, ip_address, device, extra or {}, condition)
        for step in all_steps:
            _run_step(step, attempt)
        if identifier:
            logins.succeeded(identifier, network)
        return _grant(factor, grant, attempt)
    except SimpleAuthError as error:
        send_login_failed(identifier, error, request, user)
        raise


@sensitive_variables()
def log_in(
    *,
    password: str,
    username: str | None = None,
    email: str | None = None,
    request: HttpRequest | None = None,
    ip_address: str = "",
    device: str = "",
    extra: Mapping[str, Any] | None = None,
    disclose_cause: bool = False,
) -> Issued:
    """Run a whole login by ``username`` or ``email`` without HTTP; the result's ``secret`` is the new token.

    ``ip_address`` is the client's, for throttling and for the list of sessions, where ``device`` names the session.
    ``extra`` is for the project's steps. Raises ``InvalidCredentials`` or a subclass, as ``authenticate`` does;
    ``TooManyAttempts``; or what a step raises.
    """
    factor = PasswordFactor(password, username, email, disclose_cause)
    return run(factor, start_session, request=request, ip_address=ip_address, device=device, extra=extra)


def start_session(attempt: LoginAttempt) -> Issued:
    """The usual grant: a token."""
    return sessions.start(
        attempt.user,
        attempt.request,
        device=attempt.device,
        ip_address=attempt.ip_address,
        bound_to=attempt.bound_to,
    )


def _run_step(step: Callable[[LoginAttempt], object], attempt: LoginAttempt) -> None:
    try:
        found = step(attempt)
    except ChallengeRequired:
        # Not a failure yet: packages that lock accounts on Django's signal would lock out users with a second factor.
        raise
    except SimpleAuthError:
        # For a wrong password Django sends this signal itself, with the same key for the name.
        credentials = {"username": attempt.user.get_username()}
        user_login_failed.send(sender=__name__, credentials=credentials, request=attempt.request)
        raise
    if found is not None:
        # A False, or a coroutine that nobody has awaited, would let everybody in.
        if isinstance(found, Coroutine):
            found.close()
        raise TypeError(
            f"The login step {step!r} must be no coroutine and return None: raise a SimpleAuthError to refuse."
        )


@sensitive_variables()
def _grant(factor: FirstFactor, grant: Callable[[LoginAttempt], _T], attempt: LoginAttempt) -> _T:
    try:
        return grant(attempt)
    except CredentialsOutdated:
        # Either the password was changed, or a simultaneous login stored an upgraded hash of the same one. Verify the
        # first factor again to find out. Steps are not repeated, because a one-time code works only once.
        user, condition = factor.verify(attempt.request)
        if user.pk != attempt.user.pk:
            raise
    attempt.user, attempt.factor_condition = user, condition
    return grant(attempt)
