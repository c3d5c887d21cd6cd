"""Which user has which username and e-mail address, regardless of spelling; kept in step with the user model.

Users are created by contracts, createsuperuser, the admin and the shell. Each save writes the digests of the folded
names to this table. ``migrate`` adds those of users who were created before the installation or in bulk;
``manage.py sync_identifiers`` compares all users, for after a QuerySet.update() or plain SQL.
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
    """Whether one login field takes usernames and e-mail addresses, so that one could be mistaken for the other."""
    return {"username", "email"} <= set(conf.LOGIN_METHODS)


def user_with_username(email: str) -> AbstractBaseUser | None:
    """The user whose username is this e-mail address, and who could not log in if another user had the address."""
    return holder("username", email) if accepts_username_and_email() else None


def holder(kind: str, name: str) -> AbstractBaseUser | None:
    """The user whom this name identifies, regardless of spelling."""
    return holders({kind: name}).get(kind)


def holders(names: Mapping[str, str]) -> dict[str, AbstractBaseUser]:
    """``{kind: user}`` for those of ``{kind: name}`` that are taken, in the same order. One query."""
    return {kind: row.user for kind, row in _claims(names).items()}


def claim(kind: str, name: str) -> Identifier | None:
    """The row of this name, regardless of spelling, loaded with its user. One query."""
    return _claims({kind: name}).get(kind)


def _claims(names: Mapping[str, str]) -> dict[str, Identifier]:
    wanted = {digest(kind, name): kind for kind, name in names.items()}
    found: dict[str, Identifier] = {}
    for row in Identifier.objects.filter(digest__in=wanted).select_related("user"):
        if row.digest in _digests(row.user):
            found[wanted[row.digest]] = row
        else:
            # A QuerySet.update() renamed the user; the old name is free again.
            sync(row.user)
    return {kind: found[kind] for kind in names if kind in found}


def unclaimed(user: AbstractBaseUser) -> list[str]:
    """The kinds of a new user's names that another user has."""
    names = _digests(user)
    # Looks for this user's rows, not for the other user's: a REPEATABLE READ snapshot cannot see those.
    own = {row.digest for row in _rows(user).filter(digest__in=names)}
    return [kind for key, kind in names.items() if key not in own]


def has(user: AbstractBaseUser, kind: str, name: str) -> bool:
    """Whether this is the user's name, regardless of spelling."""
    return digest(kind, name) in _digests(user)


def is_verified(user: AbstractBaseUser) -> bool:
    """Whether the user's current e-mail address is verified."""
    own = digest("email", user_model.email_of(user))
    return _rows(user).filter(digest=own, verified_at__isnull=False).exists()


def mark_verified(user: AbstractBaseUser, email: str, at: datetime) -> bool:
    """Record that the user has verified this e-mail address. False if another user has it."""
    return bool(_rows(user).filter(digest=digest("email", email)).update(verified_at=at))


def any_verified(using: str) -> bool:
    """Whether any user in this database has verified an e-mail address."""
    return Identifier.objects.using(using).filter(verified_at__isnull=False).exists()


def sync(user: AbstractBaseUser, using: str | None = None) -> None:
    """Release the names that the user no longer has, and claim the new ones that are free."""
    _settle(user, {row.digest for row in _rows(user, using)}, using)


def sync_all(using: str) -> Iterator[int]:
    """``sync`` all users, the oldest first; yields after each batch how many users it had."""
    for batch in _batches(user_model.all_users(using)):
        held: dict[Any, set[bytes]] = {user.pk: set() for user in batch}
        for row in Identifier.objects.using(using).filter(user__in=list(held)):
            held[row.user_id].add(row.digest)
        for user in batch:
            _settle(user, held[user.pk], using)
        yield len(batch)


def users_without(kind: str, using: str) -> Iterator[AbstractBaseUser]:
    """The users, the oldest first, whose name of this kind another user has."""
    claims = Identifier.objects.using(using).filter(user=models.OuterRef("pk"), kind=kind)
    without = user_model.all_users(using).filter(~models.Exists(claims))
    for field in (field for field, its_kind in user_model.identifier_kinds().items() if its_kind == kind):
        if isinstance(user_model.field(field), models.CharField):
            # Some projects have the e-mail addresses of few users only; do not load the others.
            without = without.filter(**{f"{field}__gt": ""})
    for batch in _batches(without):
        names = {user.pk: digest(kind, name) for user in batch if (name := user_model.identifiers_of(user).get(kind))}
        rows = Identifier.objects.using(using).filter(digest__in=names.values()).select_related("user")
        # A QuerySet.update() may have renamed the other user.
        taken = {row.digest for row in rows if row.digest in _digests(row.user)}
        yield from (user for user in batch if names.get(user.pk) in taken)


def update_on_save(user: AbstractBaseUser, created: bool, using: str, update_fields: frozenset[str] | None) -> None:
    """After a save: claim the names that the user has now.

    Where another transaction has claimed one and has not committed yet, the database waits for it.
    """
    if created:
        _insert(using, [(user, _digests(user))])
    elif update_fields is None or not user_model.identifier_kinds().keys().isdisjoint(update_fields):
        sync(user, using)


def claim_missing(using: str, **kwargs: Any) -> None:
    """Claim the names of users who have none yet. Receiver of ``post_migrate``."""
    model = get_user_model()
    if not (router.allow_migrate_model(using, Identifier) and router.allow_migrate_model(using, model)):
        return
    connection = connections[using]
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    # ``migrate`` can stop before either table is created, or drop ours.
    if {model._meta.db_table, Identifier._meta.db_table} <= set(tables):
        for batch in _batches(user_model.all_users(using).filter(auth_identifiers__isnull=True)):
            _insert(using, ((user, _digests(user)) for user in batch))


def _digests(user: AbstractBaseUser) -> dict[bytes, str]:
    """The user's names as ``{digest: kind}``."""
    return {digest(kind, name): kind for kind, name in user_model.identifiers_of(user).items()}


def _rows(user: AbstractBaseUser, using: str | None = None) -> models.QuerySet[Identifier]:
    # With the hint, a project without routers gets the database that the user is in.
    return Identifier.objects.db_manager(using, hints={"instance": user}).filter(user=user.pk)


def _settle(user: AbstractBaseUser, held: set[bytes], using: str | None) -> None:
    names, rows = _digests(user), _rows(user, using)
    if gone := held - names.keys():
        rows.filter(digest__in=gone).delete()
    if fresh := {key: kind for key, kind in names.items() if key not in held}:
        _insert(rows.db, [(user, fresh)])


def _insert(using: str, claims: Iterable[tuple[AbstractBaseUser, Mapping[bytes, str]]]) -> None:
    Identifier.objects.using(using).bulk_create(
        [Identifier(user_id=user.pk, kind=kind, digest=key) for user, names in claims for key, kind in names.items()],
        ignore_conflicts=True,
    )


def _batches(users: models.QuerySet[Any]) -> Iterator[list[Any]]:
    """The users, the oldest first, in lists: SQLite does not allow writes beside an open cursor."""
    last = None
    while batch := list((users if last is None else users.filter(pk__gt=last)).order_by("pk")[:BATCH]):
        yield batch
        last = batch[-1].pk
