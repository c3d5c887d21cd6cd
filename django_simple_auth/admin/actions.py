"""Admin actions on users: log them out, delete their API keys, send them a password reset link."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .. import keys, sessions
from ..accounts import passwords
from ..conf import conf
from ..exceptions import PasswordResetUnavailable, ResourceNotFound
from ..identity import user_model
from ..models import AuthToken

NOTHING = "-"


def timestamp(name: str, model: type[Model] = AuthToken, read: Callable[[Any], datetime | None] | None = None) -> Any:
    """A column for a TimestampField, which the admin would show as a number. ``read`` gets the value if not the field.

    The column returns text: on the page of a row, the admin shows other values by Python's ``str()``.
    """

    @admin.display(description=getattr(model._meta.get_field(name), "verbose_name", name), ordering=name)
    def column(row: Model) -> str:
        moment: datetime | None = getattr(row, name) if read is None else read(row)
        if moment is None:
            return NOTHING
        # Users choose when their keys expire, and the last hours of the year 9999 in UTC overflow in some time zones.
        with suppress(OverflowError):
            moment = localtime(moment)
        return str(localize(moment))

    column.__name__ = name
    return column


def revoke(row: AuthToken, request: HttpRequest) -> None:
    """Call the service, so that the usual signals are sent. A token that has ended meanwhile is no error."""
    with suppress(ResourceNotFound):
        if row.purpose == AuthToken.Purpose.KEY:
            keys.delete(row.user, row.pk, request)
        else:
            sessions.end_one(row.user, row.pk, request, cause="staff")


def may(here: Any, action: str, model: type[Model], request: HttpRequest, row: Model | None = None) -> bool:
    """Ask the site's admin for that model; if there is none, check Django's permission."""
    site = here.admin_site
    if site.is_registered(model):
        return bool(getattr(site.get_model_admin(model), f"has_{action}_permission")(request, row))
    codename = get_permission_codename(action, model._meta)
    return bool(request.user.has_perm(f"{model._meta.app_label}.{codename}"))


class UserActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """An admin with actions on users. Its rows are users, or belong to users."""

    actions = ("send_reset", "end_everywhere", "end_keys")

    @admin.action(description=_("Send password reset links to these users"), permissions=["reset"])
    def send_reset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        accounts = self.accounts(queryset)
        if not all(self.has_reset_permission(request, account) for account in accounts):
            raise PermissionDenied
        self.send_resets(request, accounts)

    @admin.action(description=_("Log the selected users out everywhere"), permissions=["end"])
    def end_everywhere(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        accounts = self.accounts(queryset)
        for account in accounts:
            sessions.end_all(account, request, cause="staff")
            self.log_change(request, account, gettext("Logged out everywhere."))
        self.message_user(request, gettext("Logged out everywhere: %s") % _names(accounts), messages.SUCCESS)

    @admin.action(description=_("Delete all API keys of these users"), permissions=["end"])
    def end_keys(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        deleted = 0
        for account in self.accounts(queryset):
            if count := keys.delete_all(account, request):
                self.log_change(request, account, gettext("Deleted all API keys."))
            deleted += count
        self.message_user(request, gettext("API keys deleted: %s") % deleted, messages.SUCCESS)

    def has_reset_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a reset link may be sent: whoever may change users can also set the address that it goes to."""
        return user_model.email_field() is not None and may(self, "change", get_user_model(), request, obj)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return may(self, "delete", AuthToken, request)

    def accounts(self, queryset: QuerySet[Any]) -> list[Any]:
        """The users that the rows belong to, each once."""
        return list(dict.fromkeys(row.user for row in queryset.select_related("user")))

    def send_resets(self, request: HttpRequest, accounts: Iterable[Any]) -> None:
        """Send a reset link to every account that can have one, and report about all accounts."""
        if conf.PUBLIC_URL is None:
            text = gettext("No e-mail can be sent: SIMPLE_AUTH['PUBLIC_URL'] is not set.")
            self.message_user(request, text, messages.ERROR)
            return
        sent = []
        unsent: dict[str, list[Any]] = {}
        for account in accounts:
            try:
                passwords.send_reset(account, request)
            except PasswordResetUnavailable as refused:
                unsent.setdefault(str(refused), []).append(account)
            else:
                sent.append(account)
                self.log_change(request, account, gettext("Sent a password reset link."))
        if sent:
            text = gettext("Password reset e-mails sent: %(count)d (%(names)s)")
            self.message_user(request, text % {"count": len(sent), "names": _names(sent)}, messages.SUCCESS)
        for cause, skipped in unsent.items():
            text = gettext("No e-mail sent to %(names)s: %(cause)s") % {"names": _names(skipped), "cause": cause}
            self.message_user(request, text, messages.WARNING)


def _names(accounts: Iterable[Any]) -> str:
    # "Select all" may be thousands of users.
    return Truncator(", ".join(map(str, accounts))).chars(200)
