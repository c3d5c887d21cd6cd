"""Start, resume, list and end sessions. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import DatabaseError, models
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import signals
from .conf import conf
from .db import clock
from .db.deferred import after_request
from .db.transactions import atomic_with_retry
from .exceptions import CredentialsOutdated, InvalidCredentials, SessionNotFound, TokenExpired, TokenInvalid
from .identity import user_model
from .models import AuthToken, OneTimeToken
from .tokens import format as token_format
from .tokens import issuing, lifetime, links, rotation, store
from .tokens.issuing import Issued
from .tokens.lifetime import Verdict

_T = TypeVar("_T")
_LOGIN = AuthToken.Purpose.LOGIN
KEYWORDS = ("token", "bearer")
"""The keywords of an ``Authorization`` header with a token."""
LONGEST_DEVICE = 300
"""Characters of a device's name that ``logged_in`` carries: enough for every browser's User-Agent."""

rotate = rotation.rotate
clear_expired = store.clear_expired
count_expired = store.count_expired


@dataclass(frozen=True)
class Session:
    """A login, as its user may see it."""

    id: int
    device: str
    ip_address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime | None
    """When it will expire if it is not used again; None: never."""
    current: bool
    """Whether the request was made with it."""


def start(
    user: AbstractBaseUser,
    request: HttpRequest | None = None,
    *,
    device: str = "",
    ip_address: str = "",
    bound_to: models.Q | None = None,
) -> Issued:
    """Log the user in with a new token. Above MAX_TOKENS_PER_USER, the user's oldest logins end.

    ``device`` and ``ip_address`` are shown to the user in the list of sessions. ``bound_to`` is what must still hold
    for the user's row when the token is written; by default, that the password is the one that ``user`` was loaded
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
    device_name = issuing.printable(device)[:LONGEST_DEVICE]
    signals.logged_in.send(
        user=user, request=request, session=issued.row.pk, device=device_name, ip_address=issued.row.ip_address
    )
    for key in evicted:
        signals.session_ended.send(user=user, request=request, session=key, cause="limit")
    return issued


def grant(user: AbstractBaseUser, request: HttpRequest | None, write: Callable[[], _T], bound_to: models.Q) -> _T:
    """Send ``user_logged_in`` and ``write`` what the login grants, in one transaction; returns what ``write`` returns.

    Raises ``InvalidCredentials`` if the user was deleted or deactivated meanwhile, and ``CredentialsOutdated`` if
    ``bound_to`` no longer holds, as far as ``write`` checks it.
    """

    def begin() -> _T:
        # What is granted, ``last_login`` and what the project's receivers write are committed together or not at all.
        # The user's row is written first: inserting a row with a foreign key to it takes a shared lock, and two logins
        # that then both want to write it are a deadlock on MariaDB.
        if conf.MAX_TOKENS_PER_USER is not None:
            # So that simultaneous logins of this user see and count each other's tokens.
            user_model.lock(user)
        user_logged_in.send(sender=user.__class__, request=request, user=user)
        return write()

    try:
        return atomic_with_retry(begin, AuthToken)
    except DatabaseError:
        # The foreign key, the UPDATE of last_login that found no row, or an owner that is NULL: databases differ in
        # which they report first.
        rows = user_model.all_users().filter(pk=user.pk)
        if rows.exists() and not rows.filter(bound_to).exists():
            raise CredentialsOutdated from None
        if not may_log_in(user, bound_to):
            raise InvalidCredentials from None
        raise


@sensitive_variables()
def secret_in(header: str, keywords: Container[str] = KEYWORDS) -> str | None:
    """The token in an ``Authorization`` header, ours or not; None if there is none. Keywords are case-insensitive."""
    keyword, _separator, secret = header.partition(" ")
    return secret.strip() or None if keyword.lower() in keywords else None


@sensitive_variables()
def resume(secret: str, request: HttpRequest | None = None) -> AuthToken:
    """The live token that has this secret, loaded with its user. One query, none for a mistyped token.

    Raises ``TokenExpired`` or ``TokenInvalid``; the row of a token that is no longer live is deleted. If the secret was
    rotated away longer than rotation.REUSE_GRACE ago, we assume that the token was stolen and end its session.
    """
    return _resume(_digest_of(secret), request)


@sensitive_variables()
async def aresume(secret: str, request: HttpRequest | None = None) -> AuthToken:
    """``resume`` for asynchronous code, with the same exceptions."""
    digest = _digest_of(secret)
    # Django's ORM has no asynchronous driver. As in Django's own asynchronous functions, the look-up runs in the thread
    # that has the connection. A mistyped token does not wait for that thread.
    return await sync_to_async(_resume, thread_sensitive=True)(digest, request)


@sensitive_variables()
def _digest_of(secret: str) -> bytes:
    if not token_format.is_well_formed(secret):
        raise TokenInvalid
    return token_format.digest(secret)


def _resume(digest: bytes, request: HttpRequest | None) -> AuthToken:
    row = store.find(digest)
    if row is None:
        if (reused := rotation.revoke_if_reused(digest)) is not None:
            _send_reused(reused, request)
        raise TokenInvalid
    at = clock.now()
    verdict = lifetime.judge(row, at)
    if verdict is not Verdict.LIVE:
        store.revoke_durably(row)
        raise TokenExpired if verdict is Verdict.EXPIRED else TokenInvalid
    if lifetime.needs_use_recorded(row, at):
        store.record_use(row, at)
    return row


def _send_reused(token: AuthToken, request: HttpRequest | None) -> None:
    # After the request: a transaction around it may be rolled back, and with it what receivers write.
    after_request(
        lambda: signals.token_reused.send(user=token.user, request=request, session=token.pk), AuthToken.objects.db
    )


def end(token: AuthToken, request: HttpRequest | None = None) -> None:
    """End this session. Sends ``user_logged_out``. It is no error if the session has ended already."""
    if store.revoke(token.user, which=models.Q(pk=token.pk)):
        signals.session_ended.send(user=token.user, request=request, session=token.pk, cause="logout")
    user_logged_out.send(sender=token.user.__class__, request=request, user=token.user)


def active(user: AbstractBaseUser, current: AuthToken | None = None) -> list[Session]:
    """The user's sessions, the most recently used first. ``current`` is the token of the request. One query."""
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
        for row in store.live(user, _LOGIN, "-last_used_at", "-pk")
    ]


def end_one(
    user: AbstractBaseUser, session_id: int, request: HttpRequest | None = None, *, cause: str = "user"
) -> None:
    """End the user's session with this id. Sends ``user_logged_out``. ``session_ended`` is sent with the ``cause``.

    Raises ``SessionNotFound`` if the user has no such session.
    """
    if not store.revoke(user, _LOGIN, models.Q(pk=session_id)):
        raise SessionNotFound
    signals.session_ended.send(user=user, request=request, session=session_id, cause=cause)
    user_logged_out.send(sender=user.__class__, request=request, user=user)


def end_others(user: AbstractBaseUser, keep: AuthToken | None = None, *, using: str | None = None) -> None:
    """End every login of the user but this one and, unless SIMPLE_AUTH["KEEP_KEYS_ON_CHANGE"], every API key.

    For when the password or the e-mail address has changed: an attacker who knew the old one may have created them.
    ``using`` is the database that the user was just saved to.
    """
    others = models.Q() if keep is None else ~models.Q(pk=keep.pk)
    store.revoke(user, _LOGIN if conf.KEEP_KEYS_ON_CHANGE else None, others, using=using)


def end_all(user: AbstractBaseUser, request: HttpRequest | None = None, *, cause: str = "logout") -> int:
    """End every session of the user; returns how many. API keys stay. Sends ``user_logged_out`` once.

    ``session_ended`` is sent once, with the number of sessions and the ``cause``.
    """
    if ended := store.revoke(user, _LOGIN):
        signals.session_ended.send(user=user, request=request, count=ended, cause=cause)
    user_logged_out.send(sender=user.__class__, request=request, user=user)
    return ended


def end_if_deactivated(user: AbstractBaseUser, using: str) -> None:
    """End everything that grants access to an account that is not active, so that reactivation revives nothing."""
    if user.is_active:
        return
    ended = store.revoke(user, using=using)
    links.revoke(user, *OneTimeToken.Purpose, using=using)
    if ended:
        signals.session_ended.send(user=user, count=ended, cause="deactivation")


def password_unchanged(user: AbstractBaseUser) -> models.Q:
    """Condition that the password in the database is the one that ``user`` was loaded with."""
    return models.Q(password=user.password)


def owner(user: AbstractBaseUser, bound_to: models.Q) -> models.Subquery:
    """The user's primary key for the INSERT of a token; NULL, which fails, unless the user ``may_log_in``.

    Evaluated within the INSERT, under a lock: a change of the password or a deactivation either comes first and is
    seen, or comes later and finds the token to delete.
    """
    return models.Subquery(_active(user).filter(bound_to).select_for_update().values("pk"))


def may_log_in(user: AbstractBaseUser, bound_to: models.Q) -> bool:
    """Whether the account is active and ``bound_to`` holds for its row."""
    return _active(user).filter(bound_to).exists()


def _active(user: AbstractBaseUser) -> models.QuerySet[Any]:
    return user_model.all_users().filter(user_model.active(), pk=user.pk)


def _evict(user: AbstractBaseUser, limit: int) -> list[int]:
    """End the user's oldest logins above the limit; returns their ids."""
    surplus = store.logins_above(limit, user)
    if surplus:
        store.revoke(user, _LOGIN, models.Q(pk__in=surplus))
    return surplus
