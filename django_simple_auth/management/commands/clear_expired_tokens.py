"""``manage.py clear_expired_tokens``: delete expired rows, and warn of API keys that expire soon."""

from __future__ import annotations

from argparse import ArgumentTypeError
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ... import keys, sessions
from ...mail import known_devices
from ...throttling import stores
from ...tokens import links


class Command(BaseCommand):
    help = (
        "Deletes expired tokens, one-time tokens, throttle counters and known devices in batches, and warns of API "
        "keys that expire soon. Safe to run beside logins and beside another run of itself."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch-size", type=_positive, default=1000, help="Rows per statement (default: 1000).")
        parser.add_argument("--dry-run", action="store_true", help="Only show how many would be deleted.")

    def handle(self, *args: Any, batch_size: int, dry_run: bool, **options: Any) -> None:
        total = sessions.count_expired() + links.count_expired()
        if dry_run:
            self.stdout.write(f"{total} expired tokens would be deleted.")
            return
        deleted = 0
        on_terminal = self.stdout.isatty()
        for batch in chain(sessions.clear_expired(batch_size), links.clear_expired(batch_size)):
            deleted += batch
            if on_terminal and options["verbosity"]:
                self.stdout.write(f"\r{deleted} of {max(total, deleted)}", ending="")
                self.stdout.flush()
        # Not in the total: there are many counters, and they belong to no user.
        for _batch in chain(stores.clear_expired(batch_size), known_devices.clear_expired(batch_size)):
            pass
        keys.warn()
        if on_terminal and deleted and options["verbosity"]:
            self.stdout.write("")
        if options["verbosity"]:
            self.stdout.write(self.style.SUCCESS(f"{deleted} expired tokens deleted."))


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)
