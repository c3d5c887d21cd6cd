"""Change the fields of an account that its user may change."""

from __future__ import annotations

import copy
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, IntegrityError
from django.http import HttpRequest

from .. import signals
from ..db.transactions import atomic_with_retry
from ..exceptions import TokenInvalid, ValidationErrors
from ..identity import identifiers, user_model
from .fields import TAKEN, AccountFields


def update(user: AbstractBaseUser, *, request: HttpRequest | None = None, **values: Any) -> AbstractBaseUser:
    """Change these values and return the user; all other fields stay as they are.

    ``values`` are ``username`` and any other column of the user model. Names without a column are ignored, and so are
    those that users cannot change here: the e-mail address, even if it is the username, the password, the primary key,
    ``is_active``, ``is_staff`` and ``is_superuser``.

    Raises ``ValidationErrors`` as ``register`` does, and ``TokenInvalid`` if the user was deleted meanwhile.
    """
    values = {name: value for name, value in values.items() if user_model.is_changeable(name)}
    changed = AccountFields(values, user)
    if not changed.stored:
        return user
    if found := changed.errors():
        raise ValidationErrors(found)

    def write() -> AbstractBaseUser:
        # A copy: the caller's instance stays unchanged if this fails.
        fresh = copy.copy(user)
        for field, value in changed.stored.items():
            setattr(fresh, field, value)
        fresh.save(update_fields=list(changed.stored))
        kinds = {user_model.identifier_kinds().get(field) for field in changed.stored}
        if unclaimed := [kind for kind in identifiers.unclaimed(fresh) if kind in kinds]:
            raise ValidationErrors([TAKEN[kind]() for kind in unclaimed])
        return fresh

    try:
        with changed.measured():
            fresh = atomic_with_retry(write, get_user_model())
    except IntegrityError:
        # A unique index of the user model found it first, or considers values equal that we do not.
        if found := changed.errors() or changed.duplicates():
            raise ValidationErrors(found) from None
        raise
    except DatabaseError:
        if user_model.all_users().filter(pk=user.pk).exists():
            raise
        raise TokenInvalid from None
    signals.updated.send(user=fresh, request=request, fields=" ".join(changed.names))
    return fresh
