"""Change a profile."""

from __future__ import annotations

import copy

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, IntegrityError
from django.http import HttpRequest

from .. import signals
from ..db.transactions import atomic_with_retry
from ..exceptions import TokenInvalid, ValidationErrors
from ..identity import identifiers, user_model
from .fields import TAKEN, AccountFields


def update(
    user: AbstractBaseUser,
    *,
    username: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    request: HttpRequest | None = None,
) -> AbstractBaseUser:
    """The user, with what is given changed and all else as it was.

    What the model lacks goes nowhere, and neither does a ``username`` that is the e-mail address: that has to be proved
    first. Raises ``ValidationErrors`` as ``register`` does, and ``TokenInvalid`` if the user was deleted meanwhile.
    """
    given = {"username": username, "first_name": first_name, "last_name": last_name}
    offered = user_model.profile_fields()
    values = {name: value for name, value in given.items() if value is not None and name in offered}
    changed = AccountFields(values, user)
    if not changed.stored:
        return user
    if found := changed.errors():
        raise ValidationErrors(found)

    def write() -> AbstractBaseUser:
        # The caller's own stays as it is if this fails.
        fresh = copy.copy(user)
        for field, value in changed.stored.items():
            setattr(fresh, field, value)
        fresh.save(update_fields=list(changed.stored))
        kinds = {user_model.identifier_kinds().get(field) for field in changed.stored}
        if lost := [kind for kind in identifiers.unclaimed(fresh) if kind in kinds]:
            raise ValidationErrors([TAKEN[kind]() for kind in lost])
        return fresh

    try:
        fresh = atomic_with_retry(write, get_user_model())
    except IntegrityError:
        # A unique index of the user model's was quicker than ours, or sees equals where we see none.
        if found := changed.errors() or changed.duplicates():
            raise ValidationErrors(found) from None
        raise
    except DatabaseError:
        if user_model.all_users().filter(pk=user.pk).exists():
            raise
        raise TokenInvalid from None
    signals.updated.send(user=fresh, request=request, fields=" ".join(changed.names))
    return fresh
