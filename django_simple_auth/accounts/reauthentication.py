"""Reauthenticate before a sensitive change: one concept, of which the current password is one kind of evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from .. import sessions, signals
from ..db.transactions import atomic_with_retry
from ..exceptions import CredentialsOutdated, SimpleAuthError, WrongCurrentPassword
from ..identity import user_model
from ..models import AuthToken
from ..throttling import attempts
from . import password_upgrades

_T = TypeVar("_T")


class Evidence(Protocol):
    """Shows that a request comes from the user, and not from an attacker with a stolen token."""

    error: ClassVar[type[SimpleAuthError]]
    """Raised if the evidence is wrong."""

    def verify(self, user: AbstractBaseUser) -> Q | None:
        """The condition that must still hold for the user's row when the change is made; None if the evidence is wrong.

        Called a second time if the condition no longer holds by then.
        """


@dataclass(frozen=True)
class CurrentPassword:
    """The user's password before the change."""

    password: str = field(repr=False)
    error: ClassVar[type[SimpleAuthError]] = WrongCurrentPassword

    @sensitive_variables()
    def verify(self, user: AbstractBaseUser) -> Q | None:
        is_right = password_upgrades.check(lambda: user.check_password(self.password), self.password)
        return sessions.password_unchanged(user) if is_right else None


@dataclass(frozen=True)
class Reauthentication:
    """A user has reauthenticated: ``act`` makes the change, as long as what was checked still holds."""

    user: AbstractBaseUser
    evidence: Evidence
    bound_to: Q

    def act(self, work: Callable[[], _T]) -> _T:
        """Run ``work`` in a transaction in which what was checked still holds; returns what ``work`` returns.

        Raises the evidence's exception if it no longer holds, or if the account was deleted.
        """
        try:
            return self._act(work, self.bound_to)
        except CredentialsOutdated:
            pass
        # Either another password, or only an upgraded hash of the same one, written by a simultaneous login.
        try:
            self.user.refresh_from_db(using=user_model.all_users().db)
        except ObjectDoesNotExist:
            raise self.evidence.error from None
        bound_to = self.evidence.verify(self.user)
        if bound_to is None:
            raise self.evidence.error
        try:
            return self._act(work, bound_to)
        except CredentialsOutdated:
            raise self.evidence.error from None

    def _act(self, work: Callable[[], _T], bound_to: Q) -> _T:
        def act() -> _T:
            if not user_model.lock(self.user, bound_to):
                raise CredentialsOutdated
            return work()

        return atomic_with_retry(act, AuthToken)


@sensitive_variables()
def reauthenticate(
    user: AbstractBaseUser, evidence: Evidence | str, request: HttpRequest | None = None
) -> Reauthentication:
    """Check the evidence; a ``str`` is the current password. Raises the evidence's exception if it is wrong.

    Throttled per account before anything is hashed, so that the password cannot be guessed with a stolen token.
    """
    evidence = CurrentPassword(evidence) if isinstance(evidence, str) else evidence
    attempts.hit("current_password", str(user.pk), request=request)
    bound_to = evidence.verify(user)
    if bound_to is None:
        signals.reauthentication_failed.send(user=user, request=request)
        raise evidence.error
    return Reauthentication(user, evidence, bound_to)
