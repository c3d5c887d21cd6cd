"""A login's life: start, resume, end. Knows neither DRF nor HTTP bodies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db import DatabaseError, models, router
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from . import tokens, users
from .conf import conf
from .durable import afterwards, durably
from .models import AuthToken
from .refusals import CredentialsOutdated, InvalidCredentials, TokenExpired, TokenInvalid
from .tokens import Issued
from .transactions import transact

logger = logging.getLogger("django_simple_auth")
_T = TypeVar("_T")
TOUCH_INTERVAL = timedelta(minutes=1)

# Made once: this is the query of every authenticated request.
_WITH_USER = AuthToken.objects.select_related("user")


def start(user: AbstractBaseUser, request: HttpRequest | None = None) -> Issued:
    """Log the user in: a token of its own for this device, the oldest making room above TOKENS_PER_USER.

    Sends ``user_logged_in``. Raises ``InvalidCredentials`` if the user was deleted meanwhile, and
    ``CredentialsOutdated`` if the password is another one than ``user`` was loaded with.
    """

    def grant() -> Issued:
        issued = tokens.issue(user, owner=_unchanged(user))
        if (limit := conf.TOKENS_PER_USER) is not None:
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
        if conf.TOKENS_PER_USER is not None:
            # So that none of the user's other logins counts without seeing this one.
            users.take_turns(user)
        user_logged_in.send(sender=user.__class__, request=request, user=user)
        return grant()

    try:
        return transact(begin, AuthToken)
    except DatabaseError:
        # The foreign key, the UPDATE of last_login that found no row, or an owner who has changed: whichever this
        # database notices first.
        stored = get_user_model()._base_manager.using(_primary()).filter(pk=user.pk)
        password = stored.values_list("password", flat=True).first()
        if password is None:
            raise InvalidCredentials from None
        if password != user.password:
            raise CredentialsOutdated from None
        raise


@sensitive_variables()
def resume(secret: str) -> AuthToken:
    """The live token behind the secret, with its user. One query, none for a mistyped token.

    Raises ``TokenInvalid`` or ``TokenExpired``; a dead token's row is deleted.
    """
    if not tokens.is_well_formed(secret):
        raise TokenInvalid
    try:
        row = _WITH_USER.using(_primary()).get(digest=tokens.digest(secret))
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
        afterwards(lambda: _touch(row, at), _primary())
    return row


def end(token: AuthToken, request: HttpRequest | None = None) -> None:
    """Log out on this device. Sends ``user_logged_out``. Ending what has ended already is no error."""
    AuthToken.objects.filter(pk=token.pk).delete()
    user_logged_out.send(sender=token.user.__class__, request=request, user=token.user)


def end_others(user: AbstractBaseUser, keep: AuthToken | None = None) -> None:
    """End every login of the user but this one. API keys are no logins and stay."""
    others = _logins(user) if keep is None else _logins(user).exclude(pk=keep.pk)
    others.delete()


def end_all(user: AbstractBaseUser, request: HttpRequest | None = None) -> None:
    """Log out everywhere. API keys are no logins and stay. Sends ``user_logged_out`` once."""
    _logins(user).delete()
    user_logged_out.send(sender=user.__class__, request=request, user=user)


def clear_expired(batch_size: int = 1000) -> Iterator[int]:
    """Delete what is dead, batch by batch; yields the size of each. May run twice at once, and beside logins."""
    dead = AuthToken.objects.using(_primary()).filter(tokens.expired(tokens.now())).order_by("pk")
    last = 0
    # Keys first and then rows by key: MariaDB takes no LIMIT in a subquery, and short statements block nobody.
    while keys := list(dead.filter(pk__gt=last).values_list("pk", flat=True)[:batch_size]):
        transact(AuthToken.objects.filter(pk__in=keys).delete, AuthToken)
        yield len(keys)
        last = keys[-1]


def count_expired() -> int:
    """How many rows ``clear_expired`` would delete."""
    return AuthToken.objects.filter(tokens.expired(tokens.now())).count()


def end_if_deactivated(instance: models.Model, created: bool, raw: bool, using: str, **kwargs: Any) -> None:
    """Receiver of ``post_save``: a deactivated user's tokens die at once, so that reactivation revives none."""
    # Whatever ``update_fields`` says: on some models, is_active is a property made of other fields.
    if raw or created or not isinstance(instance, get_user_model()) or instance.is_active:
        return
    if router.allow_migrate_model(using, AuthToken):
        AuthToken.objects.using(using).filter(user=instance.pk).delete()


def _primary() -> str:
    """Where tokens are written. They are read there, too: a replica may not know the latest login or logout yet."""
    return router.db_for_write(AuthToken)


def _unchanged(user: AbstractBaseUser) -> models.Subquery:
    """The user's key, if the password is still the one that was checked; else NULL, which no token takes.

    Asked within the INSERT, under a lock: a change of the password either comes first and is seen, or comes later and
    finds the token to delete it.
    """
    rows = get_user_model()._base_manager.using(_primary()).filter(pk=user.pk, password=user.password)
    return models.Subquery(rows.select_for_update().values("pk"))


def _logins(user: AbstractBaseUser) -> models.QuerySet[AuthToken]:
    return AuthToken.objects.using(_primary()).filter(user=user.pk, purpose=AuthToken.Purpose.LOGIN)


def _evict(user: AbstractBaseUser, limit: int) -> None:
    newest_first = _logins(user).order_by("-created_at", "-pk")
    surplus = list(newest_first.values_list("pk", flat=True)[limit:])
    if surplus:
        AuthToken.objects.filter(pk__in=surplus).delete()


def _bury(row: AuthToken) -> None:
    # By digest: what is put off must not hit another row that has come by the same key.
    durably(AuthToken.objects.filter(digest=row.digest).delete, _primary())


def _touch(row: AuthToken, at: datetime) -> None:
    """Record the use, unless another request has done so within the minute. Never revives a token that has ended."""
    try:
        AuthToken.objects.filter(pk=row.pk, last_used_at__lte=at - TOUCH_INTERVAL).update(last_used_at=at)
    except DatabaseError:
        # Whoever has a good token gets in, whether or not this can be written.
        logger.warning("The last use of a token could not be recorded.", exc_info=True)
