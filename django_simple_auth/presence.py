"""Who is logged in without a token: a state in the database, for the one published contract that works so.

Nothing is opened by it. The host reads it: ``presence.users()`` is a queryset of those who are logged in, and
``user.auth_presence`` has the moment since when.
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
    """Those who are logged in."""
    return get_user_model()._default_manager.filter(auth_presence__isnull=False)


def start(user: AbstractBaseUser, request: HttpRequest | None = None, *, bound_to: models.Q | None = None) -> None:
    """Log the user in without a token. Sends ``user_logged_in``. A user who is logged in already stays so.

    ``bound_to`` is what must still hold for the user's row then; by default, that the password is the one that ``user``
    was loaded with. Raises ``InvalidCredentials`` if the user was deleted meanwhile, and ``CredentialsOutdated`` if the
    user was deactivated or ``bound_to`` no longer holds.
    """
    condition = sessions.password_unchanged(user) if bound_to is None else bound_to
    # On some models, it is a property made of other fields.
    is_active = models.Q(is_active=True) if user_model.has_field("is_active") else models.Q()

    def write() -> None:
        # Not within the INSERT, as for a token: one that ignores conflicts would ignore a missing user as well.
        if not user_model.lock(user, condition & is_active):
            raise CredentialsOutdated
        Presence.objects.bulk_create([Presence(user_id=user.pk, since=clock.now())], ignore_conflicts=True)

    sessions.grant(user, request, write, condition)
    signals.logged_in.send(user=user, request=request)


def end_by_id(user_id: str, request: HttpRequest | None = None) -> None:
    """Log out whoever has this primary key, in the very spelling that ``str()`` gives it. Sends ``user_logged_out``.

    Raises ``UnknownUser``. Whether the user was logged in makes no difference, neither in the answer nor in the work.
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
    """Log the user out. Sends ``user_logged_out``. Ending what has ended already is no error."""
    Presence.objects.filter(pk=user.pk).delete()
    user_logged_out.send(sender=user.__class__, request=request, user=user)
