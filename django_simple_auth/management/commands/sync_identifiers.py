"""``manage.py sync_identifiers``: update the table of names after users were changed without ``save()``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS

from ...identity import identifiers


class Command(BaseCommand):
    help = "Compares the names of all users with the table of identifiers. Needed after QuerySet.update() or plain SQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="Which database (default: default).")

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        total = sum(identifiers.sync_all(database))
        self.stdout.write(self.style.SUCCESS(f"{total} users compared."))
