"""Who holds which name, kept in step with the host's user model.

Users come from everywhere: a contract, createsuperuser, the admin, the shell. Each save writes the folded names down
here; what a bulk operation or a time before the installation left out is caught up by ``migrate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import islice
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from . import users
from .models import Identifier

_BATCH = 1000


def digest(kind: str, value: str) -> bytes:
    return sha256(f"{kind}:{users.fold(value)}".encode()).digest()


def holder(kind: str, value: str) -> AbstractBaseUser | None:
    """The user whom this name identifies, in whichever spelling."""
    return holders({kind: value}).get(kind)


def holders(names: Mapping[str, str]) -> dict[str, AbstractBaseUser]:
    """Those of ``{kind: name}`` that are taken, with their holders. One query."""
    wanted = {digest(kind, name): kind for kind, name in names.items()}
    found: dict[str, AbstractBaseUser] = {}
    for row in Identifier.objects.filter(digest__in=wanted).select_related("user"):
        if row.digest in digests(row.user):
            found[wanted[row.digest]] = row.user
        else:
            # An UPDATE without a save() renamed the user; the old name is free again.
            sync(row.user)
    return found


def digests(user: AbstractBaseUser) -> dict[bytes, str]:
    """The user's names as ``{digest: kind}``."""
    return {digest(kind, value): kind for kind, value in users.identifiers(user).items()}


def lost(user: AbstractBaseUser) -> list[str]:
    """The kinds of a fresh user's names that somebody else holds."""
    names = digests(user)
    # Asked for our own rows, not for the rival's: a REPEATABLE READ snapshot cannot see those.
    own = Identifier.objects.filter(user=user.pk, digest__in=names).values_list("digest", flat=True)
    return [names[key] for key in names.keys() - set(own)]


def sync(user: AbstractBaseUser) -> None:
    """Give up the names that the user bears no more, and claim those that are new and free."""
    names = digests(user)
    held = set(Identifier.objects.filter(user=user.pk).values_list("digest", flat=True))
    if gone := held - names.keys():
        Identifier.objects.filter(user=user.pk, digest__in=gone).delete()
    if fresh := {key: kind for key, kind in names.items() if key not in held}:
        _insert([(user, fresh)])


def follow(
    instance: models.Model, created: bool, raw: bool, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    """Receiver of ``post_save``: a user's names are as current as the user.

    Where a rival has claimed one and not committed yet, the database waits for the rival.
    """
    # Not connected to one sender: a proxy of the user model is saved under its own name.
    if raw or not isinstance(instance, get_user_model()):
        return
    if created:
        _insert([(instance, digests(instance))])
    elif update_fields is None or not {users.username_field(), users.email_field()}.isdisjoint(update_fields):
        sync(instance)


def catch_up(**kwargs: Any) -> None:
    """Claim the names of users who have none yet; receiver of ``post_migrate``. The oldest users come first."""
    model = get_user_model()
    nameless = model._default_manager.filter(auth_identifiers__isnull=True).order_by("pk")
    # Read to the end before writing: SQLite does not like an open cursor beside a write.
    keys = list(nameless.values_list("pk", flat=True))
    for batch in _batches(keys):
        _insert((user, digests(user)) for user in model._default_manager.filter(pk__in=batch).order_by("pk"))


def _insert(claims: Iterable[tuple[AbstractBaseUser, Mapping[bytes, str]]]) -> None:
    Identifier.objects.bulk_create(
        [Identifier(user_id=user.pk, kind=kind, digest=key) for user, names in claims for key, kind in names.items()],
        ignore_conflicts=True,
    )


def _batches(keys: list[Any]) -> Iterator[list[Any]]:
    remaining = iter(keys)
    while batch := list(islice(remaining, _BATCH)):
        yield batch
