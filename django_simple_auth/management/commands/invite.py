"""``manage.py invite``: send invitations to register."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ... import accounts
from ...conf import conf
from ...exceptions import SimpleAuthError
from ...mail import delivery


class Command(BaseCommand):
    help = "Sends an invitation to each e-mail address. It can be used once and replaces older ones to that address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("emails", nargs="+", metavar="EMAIL")

    def handle(self, *args: Any, emails: list[str], **options: Any) -> None:
        if conf.REGISTRATION != "invite":
            raise CommandError(
                f"SIMPLE_AUTH['REGISTRATION'] is {conf.REGISTRATION!r}: invitations have no effect. Set it to 'invite'."
            )
        if conf.PUBLIC_URL is None:
            raise CommandError("Invitations need SIMPLE_AUTH['PUBLIC_URL'], such as 'https://www.example.com'.")
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
