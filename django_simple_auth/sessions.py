"""A login's life: start, resume, end. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import DatabaseError, models
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import signals
from .conf import conf
from .db import batches, clock
from .db.deferred import after_request, durably
from .db.transactions import atomic_with_retry
from .exceptions import CredentialsOutdated, InvalidCredentials, SessionNotFound, TokenExpired, TokenInvalid
from .identity import user_model
from .models import AuthToken, OneTimeToken
from .tokens import format as token_format
from .tokens import issuing, lifetime, rotation, store
from .tokens.issuing import Issued

logger = logging.getLogger("django_simple_auth")
_T = TypeVar("_T")
TOUCH_INTERVAL = timedelta(minutes=1)
LONGEST_DEVICE = 300
"""Characters of what a device calls itself that are told: all that browsers send."""

rotate = rotation.rotate

# Made once: this is the query of every authenticated request.
_WITH_USER = AuthToken.objects.select_related("user")


@dataclass(frozen=True)
class Session:
    """A login, as its user may see it."""

    id: int
    device: str
    ip_address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime | None
    """When it will end if it is not used again; None: never."""
    current: bool
    """Whether it is the one that asks."""


def start(
    user: AbstractBaseUser,
    request: HttpRequest | None = None,
    *,
    device: str = "",
    ip_address: str = "",
    bound_to: models.Q | None = None,
) -> Issued:
    """Log the user in: a token of its own for this device, the oldest making room above MAX_TOKENS_PER_USER.

    ``device`` and ``ip_address`` are what the user will know the session by in a list. ``bound_to`` is what must still
    hold for the user's row when the token is written; by default, that the password is the one that ``user`` was loaded
    with.

    Sends ``user_logged_in``. Raises ``InvalidCredentials`` if the user was deleted or deactivated meanwhile, and
    ``CredentialsOutdated`` if ``bound_to`` no longer holds.
    """
    condition = password_unchanged(user) if bound_to is None else bound_to

    def write() -> tuple[Issued, list[int]]:
        issued = issuing.issue(user, owner=owner(user, condition), name=device, ip_address=ip_address)
        limit = conf.MAX_TOKENS_PER_USER
        return issued, [] if limit is None else _evict(user, limit)

    issued, evicted = grant(user, request, write, condition)
    called = issuing.printable(device)[:LONGEST_DEVICE]
    signals.logged_in.send(
        user=user, request=request, session=issued.row.pk, device=called, ip_address=issued.row.ip_address
    )
    for key in evicted:
        signals.session_ended.send(user=user, request=request, session=key, cause="limit")
    return issued


def grant(user: AbstractBaseUser, request: HttpRequest | None, write: Callable[[], _T], bound_to: models.Q) -> _T:
    """Send ``user_logged_in`` and write whatever a login grants, in one transaction.

    Raises ``InvalidCredentials`` if the user was deleted or deactivated meanwhile, and ``CredentialsOutdated`` if
    ``bound_to`` no longer holds, as far as ``write`` asks for it.
    """

    def begin() -> _T:
        # What is granted, ``last_login`` and whatever the host's receivers write stand or fall together. The user's
        # row is written first: a foreign key to it locks it for reading, and two logins that then both want to write
        # it are a deadlock on MariaDB.
        if conf.MAX_TOKENS_PER_USER is not None:
            # None of the user's other logins may count without seeing this one.
            user_model.lock(user)
        user_logged_in.send(sender=user.__class__, request=request, user=user)
        return write()

    try:
        return atomic_with_retry(begin, AuthToken)
    except DatabaseError:
        # The foreign key, the UPDATE of last_login that found no row, or an owner who has changed: whichever this
        # database notices first.
        rows = user_model.all_users().filter(pk=user.pk)
        if rows.exists() and not rows.filter(bound_to).exists():
            raise CredentialsOutdated from None
        if not may_log_in(user, bound_to):
            raise InvalidCredentials from None
        raise


@sensitive_variables()
def resume(secret: str, request: HttpRequest | None = None) -> AuthToken:
    """The live token behind the secret, with its user. One query, none for a mistyped token.

    Raises ``TokenInvalid`` or ``TokenExpired``; a dead token's row is deleted. A secret that was rotated away more than
    rotation.REPLAY_GRACE ago is in two hands, and nobody knows which of them are the user's: it ends its session.
    """
    if not token_format.is_well_formed(secret):
        raise TokenInvalid
    digest = token_format.digest(secret)
    try:
        row = _WITH_USER.using(store.primary()).get(digest=digest)
    except AuthToken.DoesNotExist:
        rotation.revoke_if_reused(digest, request)
        raise TokenInvalid from None
    at = clock.now()
    if lifetime.is_expired(row, at):
        _bury(row)
        raise TokenExpired
    if not row.user.is_active:
        _bury(row)
        raise TokenInvalid
    if at - row.last_used_at >= TOUCH_INTERVAL:
        after_request(lambda: _touch(row, at), store.primary())
    return row


def end(token: AuthToken, request: HttpRequest | None = None) -> None:
    """Log out on this device. Sends ``user_logged_out``. Ending what has ended already is no error."""
    ended, _rows = AuthToken.objects.filter(pk=token.pk).delete()
    if ended:
        signals.session_ended.send(user=token.user, request=request, session=token.pk, cause="logout")
    user_logged_out.send(sender=token.user.__class__, request=request, user=token.user)


def active(user: AbstractBaseUser, current: AuthToken | None = None) -> list[Session]:
    """The user's sessions, the latest used first. One query."""
    return [
        Session(
            id=row.pk,
            device=row.name,
            ip_address=row.ip_address,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            expires_at=lifetime.ends_at(row),
            current=current is not None and row.pk == current.pk,
        )
        for row in _logins(user).exclude(lifetime.expired(clock.now())).order_by("-last_used_at", "-pk")
    ]


def end_one(
    user: AbstractBaseUser, session_id: int, request: HttpRequest | None = None, *, cause: str = "user"
) -> None:
    """Log out on the device whose session has this id. Sends ``user_logged_out``. ``cause`` is what the event says.

    Raises ``SessionNotFound`` if the user has no such session.
    """
    ended, _rows = _logins(user).filter(pk=session_id).delete()
    if not ended:
        raise SessionNotFound
    signals.session_ended.send(user=user, request=request, session=session_id, cause=cause)
    user_logged_out.send(sender=user.__class__, request=request, user=user)


def end_others(user: AbstractBaseUser, keep: AuthToken | None = None) -> None:
    """End every login of the user but this one and, unless SIMPLE_AUTH["KEEP_KEYS_ON_CHANGE"], every API key.

    For when the password or the address has become another: whoever had the old one may have made them.
    """
    opens = _logins(user) if conf.KEEP_KEYS_ON_CHANGE else _tokens(user)
    (opens if keep is None else opens.exclude(pk=keep.pk)).delete()


def end_all(user: AbstractBaseUser, request: HttpRequest | None = None, *, cause: str = "logout") -> None:
    """Log out everywhere. API keys are no logins and stay. Sends ``user_logged_out`` once.

    ``cause`` is what the event says.
    """
    ended, _rows = _logins(user).delete()
    if ended:
        signals.session_ended.send(user=user, request=request, count=ended, cause=cause)
    user_logged_out.send(sender=user.__class__, request=request, user=user)


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete what is dead, batch by batch; yields the size of each. May run twice at once, and beside logins."""
    yield from batches.delete(_dead(), batch_size)
    rotation.clear_retired(batch_size)


def count_expired() -> int:
    """How many rows ``clear_expired`` would delete."""
    return _dead().count()


def end_if_deactivated(user: AbstractBaseUser, using: str) -> None:
    """End what gives access to an account that is not active, so that reactivation revives nothing."""
    if user.is_active:
        return
    ended, _rows = AuthToken.objects.using(using).filter(user=user.pk).delete()
    OneTimeToken.objects.using(using).filter(user=user.pk).delete()
    if ended:
        signals.session_ended.send(user=user, count=ended, cause="deactivation")


def password_unchanged(user: AbstractBaseUser) -> models.Q:
    """That the password is the one that ``user`` was loaded with."""
    return models.Q(password=user.password)


def owner(user: AbstractBaseUser, bound_to: models.Q) -> models.Subquery:
    """The user's key, if the user ``may_log_in``; else NULL, which no token takes.

    Asked within the INSERT, under a lock: a change of the password or a deactivation either comes first and is seen, or
    comes later and finds the token to delete it.
    """
    return models.Subquery(_active(user).filter(bound_to).select_for_update().values("pk"))


def may_log_in(user: AbstractBaseUser, bound_to: models.Q) -> bool:
    """Whether the account is active and ``bound_to`` holds for its row."""
    return _active(user).filter(bound_to).exists()


def _active(user: AbstractBaseUser) -> models.QuerySet[Any]:
    rows = user_model.all_users().filter(pk=user.pk)
    # On some models, it is a property made of other fields.
    return rows.filter(is_active=True) if user_model.has_field("is_active") else rows


def _dead() -> models.QuerySet[AuthToken]:
    return AuthToken.objects.using(store.primary()).filter(lifetime.expired(clock.now()))


def _tokens(user: AbstractBaseUser) -> models.QuerySet[AuthToken]:
    return AuthToken.objects.using(store.primary()).filter(user=user.pk)


def _logins(user: AbstractBaseUser) -> models.QuerySet[AuthToken]:
    return _tokens(user).filter(purpose=AuthToken.Purpose.LOGIN)


def _evict(user: AbstractBaseUser, limit: int) -> list[int]:
    newest_first = _logins(user).order_by("-created_at", "-pk")
    surplus = list(newest_first.values_list("pk", flat=True)[limit:])
    if surplus:
        AuthToken.objects.filter(pk__in=surplus).delete()
    return surplus


def _bury(row: AuthToken) -> None:
    # By digest: what is put off must not hit another row that has come by the same key.
    durably(AuthToken.objects.filter(digest=row.digest).delete, store.primary())


def _touch(row: AuthToken, at: datetime) -> None:
    """Record the use, unless another request has done so within the minute. Never revives a token that has ended."""
    try:
        AuthToken.objects.filter(pk=row.pk, last_used_at__lte=at - TOUCH_INTERVAL).update(last_used_at=at)
    except DatabaseError:
        # Whoever has a good token gets in, whether or not this can be written.
        logger.warning("The last use of a token could not be recorded.", exc_info=True)
