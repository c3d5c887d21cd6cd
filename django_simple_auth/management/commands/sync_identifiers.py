"""``manage.py sync_identifiers``: who holds which name, after users were changed behind Django's back."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS

from ...identity import identifiers


class Command(BaseCommand):
    help = "Compares every user's names with those that are claimed. Needed after QuerySet.update() or plain SQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="Which database (default: default).")

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        total = sum(identifiers.sync_all(database))
        self.stdout.write(self.style.SUCCESS(f"{total} users compared."))
