"""``manage.py invite``: e-mail invitations to register."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import accounts
from ...exceptions import SimpleAuthError
from ...mail import delivery


class Command(BaseCommand):
    help = "Sends each e-mail address a link to register, valid once. It replaces an older one to the same address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("emails", nargs="+", metavar="EMAIL")

    def handle(self, *args: Any, emails: list[str], **options: Any) -> None:
        refused = []
        for email in emails:
            try:
                with delivery.immediately():
                    accounts.invite(email)
            except SimpleAuthError as refusal:
                refused.append(f"{email}: {refusal}")
            else:
                if options["verbosity"]:
                    self.stdout.write(f"{email}: invited.")
        if refused:
            raise CommandError("\n".join(refused))
