"""A login's life: start, resume, end. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import DatabaseError, models, router
from django.http import HttpRequest

from . import tokens
from .conf import conf
from .durable import durably
from .models import AuthToken
from .refusals import InvalidCredentials, TokenExpired, TokenInvalid
from .tokens import Issued
from .transactions import transact

_T = TypeVar("_T")
TOUCH_INTERVAL = timedelta(minutes=1)

# Made once: this is the query of every authenticated request.
_WITH_USER = AuthToken.objects.select_related("user")


def start(user: AbstractBaseUser, request: HttpRequest | None = None) -> Issued:
    """Log the user in: a token of its own for this device, the oldest making room above TOKENS_PER_USER.

    Sends ``user_logged_in``. Raises ``InvalidCredentials`` if the user was deleted meanwhile.
    """

    def grant() -> Issued:
        limit = conf.TOKENS_PER_USER
        if limit is not None:
            _take_turns(user)
        issued = tokens.issue(user)
        if limit is not None:
            _evict(user, limit)
        return issued

    return log_in(user, request, grant)


def log_in(user: AbstractBaseUser, request: HttpRequest | None, grant: Callable[[], _T]) -> _T:
    """Send ``user_logged_in`` and grant whatever a login grants, in one transaction.

    Raises ``InvalidCredentials`` if the user was deleted meanwhile.
    """

    def begin() -> _T:
        # What is granted, ``last_login`` and whatever the host's receivers write stand or fall together. The user's
        # row is written first: a foreign key to it locks it for reading, and two logins that then both want to write
        # it are a deadlock on MariaDB.
        user_logged_in.send(sender=user.__class__, request=request, user=user)
        return grant()

    try:
        return transact(begin, AuthToken)
    except DatabaseError:
        # The foreign key, or the UPDATE of last_login that found no row: whichever this database notices first.
        if get_user_model()._default_manager.filter(pk=user.pk).exists():
            raise
        raise InvalidCredentials from None


def resume(secret: str) -> AuthToken:
    """The live token behind the secret, with its user. One query, none for a mistyped token.

    Raises ``TokenInvalid`` or ``TokenExpired``; a dead token's row is deleted.
    """
    if not tokens.is_well_formed(secret):
        raise TokenInvalid
    try:
        row = _WITH_USER.get(digest=tokens.digest(secret))
    except AuthToken.DoesNotExist:
        raise TokenInvalid from None
    at = tokens.now()
    if tokens.is_expired(row, at):
        _bury(row)
        raise TokenExpired
    if not row.user.is_active:
        _bury(row)
        raise TokenInvalid
    if at - row.last_used_at >= TOUCH_INTERVAL:
        _touch(row, at)
    return row


def end(token: AuthToken, request: HttpRequest | None = None) -> None:
    """Log out on this device. Sends ``user_logged_out``. Ending what has ended already is no error."""
    AuthToken.objects.filter(pk=token.pk).delete()
    user_logged_out.send(sender=token.user.__class__, request=request, user=token.user)


def end_all(user: AbstractBaseUser, request: HttpRequest | None = None) -> None:
    """Log out everywhere. API keys are no logins and stay. Sends ``user_logged_out`` once."""
    AuthToken.objects.filter(user=user.pk, purpose=AuthToken.Purpose.LOGIN).delete()
    user_logged_out.send(sender=user.__class__, request=request, user=user)


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete what is dead, batch by batch; yields the size of each. May run twice at once, and beside logins."""
    dead = AuthToken.objects.filter(tokens.expired(tokens.now()))
    # Keys first and then rows by key: MariaDB takes no LIMIT in a subquery, and short statements block nobody.
    while keys := list(dead.order_by("pk").values_list("pk", flat=True)[:batch_size]):
        transact(AuthToken.objects.filter(pk__in=keys).delete, AuthToken)
        yield len(keys)


def count_expired() -> int:
    """How many rows ``clear_expired`` would delete."""
    return AuthToken.objects.filter(tokens.expired(tokens.now())).count()


def end_if_deactivated(
    instance: models.Model, created: bool, raw: bool, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    """Receiver of ``post_save``: a deactivated user's tokens die at once, so that reactivation revives none."""
    if raw or created or not isinstance(instance, get_user_model()) or instance.is_active:
        return
    if update_fields is None or "is_active" in update_fields:
        AuthToken.objects.filter(user=instance).delete()


def _take_turns(user: AbstractBaseUser) -> None:
    """Make the user's other logins wait, so that none of them counts without seeing this one."""
    # An UPDATE that changes nothing, rather than SELECT ... FOR UPDATE: SQLite knows no row locks, and a transaction
    # that begins with a write waits its turn there.
    get_user_model()._base_manager.filter(pk=user.pk).update(password=models.F("password"))


def _evict(user: AbstractBaseUser, limit: int) -> None:
    newest_first = AuthToken.objects.filter(user=user.pk, purpose=AuthToken.Purpose.LOGIN).order_by(
        "-created_at", "-pk"
    )
    surplus = list(newest_first.values_list("pk", flat=True)[limit:])
    if surplus:
        AuthToken.objects.filter(pk__in=surplus).delete()


def _bury(row: AuthToken) -> None:
    using = router.db_for_write(AuthToken, instance=row)
    durably(AuthToken.objects.using(using).filter(pk=row.pk).delete, using)


def _touch(row: AuthToken, at: datetime) -> None:
    """Record the use, unless another request has done so within the minute. Never revives a token that has ended."""
    AuthToken.objects.filter(pk=row.pk, last_used_at__lte=at - TOUCH_INTERVAL).update(last_used_at=at)
    row.last_used_at = at
