"""``manage.py revoke_tokens``: end all sessions and API keys of users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import keys, sessions
from ...identity import identifiers, user_model
from ...mail import delivery
from ...tokens import store

_PROGRESS = 100


class Command(BaseCommand):
    help = (
        "Ends all sessions and API keys of users, for example after QuerySet.update() has changed their passwords. "
        "Can be stopped and run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", nargs="+", action="extend", default=[], help="In any case and Unicode form.")
        parser.add_argument("--email", nargs="+", action="extend", default=[], help="In any case and Unicode form.")
        parser.add_argument("--pk", nargs="+", action="extend", default=[], help="The primary key.")
        parser.add_argument("--all", action="store_true", dest="everybody", help="All users; asks for confirmation.")
        parser.add_argument(
            "--no-input", "--noinput", action="store_false", dest="interactive", help="Do not ask for confirmation."
        )

    def handle(
        self,
        *args: Any,
        username: list[str],
        email: list[str],
        pk: list[str],
        everybody: bool,
        interactive: bool,
        **options: Any,
    ) -> None:
        if everybody == bool(username or email or pk):
            raise CommandError("Name users with --username, --email or --pk, or use --all.")
        self.verbosity = options["verbosity"]
        if everybody:
            if interactive and not _is_confirmed():
                raise CommandError("Cancelled: nothing was ended. Without a terminal, use --no-input.")
            self.end(_owners())
            return
        found: dict[Any, AbstractBaseUser] = {}
        unknown = []
        for option, names, find in (
            ("username", username, _by_username),
            ("email", email, _by_email),
            ("pk", pk, _by_pk),
        ):
            for name in names:
                users = find(name)
                found |= {user.pk: user for user in users}
                if not users:
                    unknown.append(f"No such user: --{option} {name}")
        self.end(found.values())
        if unknown:
            raise CommandError("\n".join(unknown))

    def end(self, users: Iterable[AbstractBaseUser]) -> None:
        count = ended = deleted = 0
        for count, user in enumerate(users, 1):
            # Users are notified of deleted keys.
            with delivery.immediately():
                ended += sessions.end_all(user, cause="staff")
                deleted += keys.delete_all(user)
            if count % _PROGRESS == 0 and self.verbosity and self.stdout.isatty():
                self.stdout.write(f"\r{count} users", ending="")
                self.stdout.flush()
        if self.verbosity:
            if count >= _PROGRESS and self.stdout.isatty():
                self.stdout.write("\r", ending="")
            text = f"Users: {count}, sessions ended: {ended}, API keys deleted: {deleted}."
            self.stdout.write(self.style.SUCCESS(text))


def _is_confirmed() -> bool:
    try:
        return input("Log out all users and delete all API keys? Type 'yes' to continue: ") == "yes"
    except EOFError:
        return False


def _owners() -> Iterator[AbstractBaseUser]:
    """All users who have a session or an API key."""
    for batch in store.owners():
        yield from user_model.all_users().filter(pk__in=batch).order_by("pk")


def _by_username(name: str) -> list[AbstractBaseUser]:
    return _by_field(user_model.username_field(), name)


def _by_email(name: str) -> list[AbstractBaseUser]:
    field = user_model.email_field()
    return [] if field is None else _by_field(field, name)


def _by_field(field: str, name: str) -> list[AbstractBaseUser]:
    kind = user_model.identifier_kinds()[field]
    holder = identifiers.holder(kind, name)
    # What the database finds is only a suggestion: the folded names decide.
    others = [user for user in _where(field, f"{field}__iexact", name) if identifiers.has(user, kind, name)]
    # Several users may have one address, of which only the first is its holder.
    return others if holder is None else [holder, *others]


def _by_pk(key: str) -> list[AbstractBaseUser]:
    return _where(user_model.primary_key().name, "pk", key)


def _where(field: str, lookup: str, value: str) -> list[AbstractBaseUser]:
    model_field = user_model.field(field) or user_model.primary_key()
    try:
        model_field.to_python(value)
    except ValidationError:
        # Such as letters for a number.
        return []
    return list(user_model.all_users().filter(**{lookup: value}))
