"""Users who are logged in without a token: a row in the database, for the published contract that works this way.

It grants no access. Your project reads it: ``presence.users()`` is a queryset of the users who are logged in, and
``user.auth_presence.since`` is the time of the login.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_out
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpRequest

from . import sessions, signals
from .db import clock
from .exceptions import CredentialsOutdated, UnknownUser
from .identity import user_model
from .models import Presence


def users() -> models.QuerySet[Any]:
    """The users who are logged in without a token."""
    return get_user_model()._default_manager.filter(auth_presence__isnull=False)


def start(user: AbstractBaseUser, request: HttpRequest | None = None, *, bound_to: models.Q | None = None) -> None:
    """Log the user in without a token. Sends ``user_logged_in``. The time of an earlier login stays.

    ``bound_to`` is what must still hold for the user's row then; by default, that the password is the one that ``user``
    was loaded with. Raises ``InvalidCredentials`` if the user was deleted meanwhile, and ``CredentialsOutdated`` if the
    user was deactivated or ``bound_to`` no longer holds.
    """
    condition = sessions.password_unchanged(user) if bound_to is None else bound_to

    def write() -> None:
        # Not within the INSERT, as for tokens: an INSERT that ignores conflicts would also ignore a missing user.
        if not user_model.lock(user, condition & user_model.active()):
            raise CredentialsOutdated
        Presence.objects.bulk_create([Presence(user_id=user.pk, since=clock.now())], ignore_conflicts=True)

    sessions.grant(user, request, write, condition)
    signals.logged_in.send(user=user, request=request)


def end_by_id(user_id: str, request: HttpRequest | None = None) -> None:
    """Log out the user whose primary key is ``user_id``, exactly as ``str()`` writes it. Sends ``user_logged_out``.

    Raises ``UnknownUser``. The result and the work are the same whether or not the user was logged in.
    """
    try:
        key = user_model.primary_key().to_python(user_id)
    except ValidationError:
        raise UnknownUser from None
    user = get_user_model()._default_manager.filter(pk=key).first() if str(key) == user_id else None
    if user is None:
        raise UnknownUser
    end(user, request)


def end(user: AbstractBaseUser, request: HttpRequest | None = None) -> None:
    """Log the user out. Sends ``user_logged_out``. No error if the user is not logged in."""
    Presence.objects.filter(pk=user.pk).delete()
    user_logged_out.send(sender=user.__class__, request=request, user=user)
