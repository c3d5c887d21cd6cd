"""Who holds which name, kept in step with the host's user model.

Users come from everywhere: a contract, createsuperuser, the admin, the shell. Each save writes the folded names down
here. Who has none, because a bulk operation or a time before the installation made him, gets them from ``migrate``;
``manage.py sync_identifiers`` compares everybody, for after an UPDATE in bulk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections, models, router

from ..conf import conf
from ..models import Identifier
from . import folding, user_model

BATCH = 1000


def digest(kind: str, name: str) -> bytes:
    return sha256(f"{kind}:{folding.fold(name)}".encode()).digest()


def accepts_username_and_email() -> bool:
    """Whether people may type a user name or an address in one field, so that one could be taken for the other."""
    return {"username", "email"} <= set(conf.LOGIN_METHODS)


def user_with_username(email: str) -> AbstractBaseUser | None:
    """Whoever has this address for a user name, and would be kept out if it were somebody else's address."""
    return holder("username", email) if accepts_username_and_email() else None


def holder(kind: str, name: str) -> AbstractBaseUser | None:
    """The user whom this name identifies, in whichever spelling."""
    return holders({kind: name}).get(kind)


def holders(names: Mapping[str, str]) -> dict[str, AbstractBaseUser]:
    """Those of ``{kind: name}`` that are taken, in the same order, with their holders. One query."""
    return {kind: row.user for kind, row in _claims(names).items()}


def claim(kind: str, name: str) -> Identifier | None:
    """What is written down of this name, in whichever spelling, with its holder. One query."""
    return _claims({kind: name}).get(kind)


def _claims(names: Mapping[str, str]) -> dict[str, Identifier]:
    wanted = {digest(kind, name): kind for kind, name in names.items()}
    # Never from a replica: what is decided by this must not be out of date.
    rows = Identifier.objects.using(router.db_for_write(Identifier)).filter(digest__in=wanted)
    found: dict[str, Identifier] = {}
    for row in rows.select_related("user"):
        if row.digest in _digests(row.user):
            found[wanted[row.digest]] = row
        else:
            # An UPDATE without a save() renamed the user; the old name is free again.
            sync(row.user)
    return {kind: found[kind] for kind in names if kind in found}


def unclaimed(user: AbstractBaseUser) -> list[str]:
    """The kinds of a fresh user's names that somebody else holds."""
    names = _digests(user)
    # Asked for our own rows, not for the rival's: a REPEATABLE READ snapshot cannot see those.
    own = {row.digest for row in _rows(user).filter(digest__in=names)}
    return [kind for key, kind in names.items() if key not in own]


def has(user: AbstractBaseUser, kind: str, name: str) -> bool:
    """Whether this, in whichever spelling, is the user's name."""
    return digest(kind, name) in _digests(user)


def is_verified(user: AbstractBaseUser) -> bool:
    """Whether the user has proved the address that he has now."""
    own = digest("email", user_model.email_of(user))
    return _rows(user).filter(digest=own, verified_at__isnull=False).exists()


def mark_verified(user: AbstractBaseUser, email: str, at: datetime) -> bool:
    """Note that the user has proved this address. False if somebody else holds it."""
    return bool(_rows(user).filter(digest=digest("email", email)).update(verified_at=at))


def sync(user: AbstractBaseUser) -> None:
    """Give up the names that the user bears no more, and claim those that are new and free."""
    _settle(user, {row.digest for row in _rows(user)})


def sync_all(using: str) -> Iterator[int]:
    """``sync`` everybody, the oldest first; yields after each batch how many users it had."""
    for batch in _batches(get_user_model()._base_manager.using(using)):
        held: dict[Any, set[bytes]] = {user.pk: set() for user in batch}
        for row in Identifier.objects.using(using).filter(user__in=list(held)):
            held[row.user_id].add(row.digest)
        for user in batch:
            _settle(user, held[user.pk])
        yield len(batch)


def users_without(kind: str, using: str) -> Iterator[AbstractBaseUser]:
    """The users, by age, whose name of this kind somebody else holds."""
    claims = Identifier.objects.using(using).filter(user=models.OuterRef("pk"), kind=kind)
    without = get_user_model()._base_manager.using(using).filter(~models.Exists(claims))
    for field in (field for field, its_kind in user_model.identifier_kinds().items() if its_kind == kind):
        if isinstance(user_model.field(field), models.CharField):
            # Some hosts have addresses of few users only; the others miss nothing.
            without = without.filter(**{f"{field}__gt": ""})
    for batch in _batches(without):
        names = {user.pk: digest(kind, name) for user in batch if (name := user_model.identifiers_of(user).get(kind))}
        rows = Identifier.objects.using(using).filter(digest__in=names.values()).select_related("user")
        # An UPDATE without a save() may have renamed the holder.
        taken = {row.digest for row in rows if row.digest in _digests(row.user)}
        yield from (user for user in batch if names.get(user.pk) in taken)


def update_on_save(user: AbstractBaseUser, created: bool, using: str, update_fields: frozenset[str] | None) -> None:
    """After a save: claim the names that the user has now.

    Where another transaction has claimed one and has not committed yet, the database waits for it.
    """
    if created:
        _insert(using, [(user, _digests(user))])
    elif update_fields is None or not user_model.identifier_kinds().keys().isdisjoint(update_fields):
        sync(user)


def claim_missing(using: str, **kwargs: Any) -> None:
    """Claim the names of users who have none yet; receiver of ``post_migrate``."""
    model = get_user_model()
    if not (router.allow_migrate_model(using, Identifier) and router.allow_migrate_model(using, model)):
        return
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    # ``migrate`` can stop before either of them is made, or take ours away.
    if {model._meta.db_table, Identifier._meta.db_table} <= set(tables):
        for batch in _batches(model._base_manager.using(using).filter(auth_identifiers__isnull=True)):
            _insert(using, ((user, _digests(user)) for user in batch))


def _digests(user: AbstractBaseUser) -> dict[bytes, str]:
    """The user's names as ``{digest: kind}``."""
    return {digest(kind, name): kind for kind, name in user_model.identifiers_of(user).items()}


def _rows(user: AbstractBaseUser) -> models.QuerySet[Identifier]:
    return Identifier.objects.using(_database(user)).filter(user=user.pk)


def _settle(user: AbstractBaseUser, held: set[bytes]) -> None:
    names = _digests(user)
    if gone := held - names.keys():
        _rows(user).filter(digest__in=gone).delete()
    if fresh := {key: kind for key, kind in names.items() if key not in held}:
        _insert(_database(user), [(user, fresh)])


def _database(user: AbstractBaseUser) -> str:
    """Where the user was read from or written to last."""
    return user._state.db or router.db_for_write(Identifier)


def _insert(using: str, claims: Iterable[tuple[AbstractBaseUser, Mapping[bytes, str]]]) -> None:
    Identifier.objects.using(using).bulk_create(
        [Identifier(user_id=user.pk, kind=kind, digest=key) for user, names in claims for key, kind in names.items()],
        ignore_conflicts=True,
    )


def _batches(everybody: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """The users by age, a list at a time: SQLite does not like an open cursor beside a write."""
    last = None
    while batch := list((everybody if last is None else everybody.filter(pk__gt=last)).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk
