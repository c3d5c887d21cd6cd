"""What staff may do for people: see where they are logged in, end that, and start a reset.

Nobody chooses a password for somebody else here, and no page shows a secret or its digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.auth import get_permission_codename, get_user_model
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from . import identifiers, keys, passwords, presence, sessions, tokens, users
from .conf import conf
from .models import AuthToken, Identifier, MailedSecret, Presence
from .refusals import Missing, ResetImpossible


def _instant(name: str, model: type[Model] = AuthToken, read: Callable[[Any], datetime | None] | None = None) -> Any:
    """A column for an InstantField, which the admin would take for a number. ``read`` knows better than the field."""

    @admin.display(description=getattr(model._meta.get_field(name), "verbose_name", name), ordering=name)
    def column(row: Model) -> datetime | None:
        moment: datetime | None = getattr(row, name) if read is None else read(row)
        return moment

    return column


def _revoke(row: AuthToken, request: HttpRequest) -> None:
    """By the service, so that it is told like any other end. Whatever has ended meanwhile is no error."""
    with suppress(Missing):
        if row.purpose == AuthToken.Purpose.KEY:
            keys.delete(row.user, row.pk, request)
        else:
            sessions.end_one(row.user, row.pk, request, cause="staff")


def _may(here: Any, action: str, model: type[Model], request: HttpRequest, row: Model | None = None) -> bool:
    """What the site's own admin for that model says; where there is none, Django's permission."""
    site = here.admin_site
    if site.is_registered(model):
        return bool(getattr(site.get_model_admin(model), f"has_{action}_permission")(request, row))
    codename = get_permission_codename(action, model._meta)
    return bool(request.user.has_perm(f"{model._meta.app_label}.{codename}"))


class _Row(admin.ModelAdmin):  # type: ignore[type-arg]
    """A row that belongs to a user, and that only the services make and change."""

    list_select_related = ("user",)
    ordering = ("-pk",)

    @admin.display(description=_("user"), ordering="user")
    def account(self, row: Any) -> str | None:
        """The user, with a link to where the host's own admin shows more."""
        model = get_user_model()
        if row.user is None or not self.admin_site.is_registered(model):
            return None if row.user is None else str(row.user)
        page = f"{self.admin_site.name}:{model._meta.app_label}_{model._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(page, args=[quote(row.user.pk)]), row.user)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{name}" for name in dict.fromkeys([users.login_field(), *users.kinds()])]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # A comparison in the URL would find out what no page shows.
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Django asks about all that goes with a user who is deleted. Whoever may do that needs no permission besides.
        goes_with_user = obj is not None and obj.user is not None
        return super().has_delete_permission(request, obj) or (
            goes_with_user and _may(self, "delete", get_user_model(), request, obj.user)
        )


class _Desk(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list from which users are helped: its rows are theirs, or are themselves."""

    actions = ("send_reset", "end_everywhere", "end_keys")

    @admin.action(description=_("Send these users a link to choose another password"), permissions=["reset"])
    def send_reset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        accounts = self._accounts(queryset)
        if not all(self.has_reset_permission(request, account) for account in accounts):
            raise PermissionDenied
        self._send_resets(request, accounts)

    @admin.action(description=_("Log these users out everywhere"), permissions=["end"])
    def end_everywhere(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        accounts = self._accounts(queryset)
        for account in accounts:
            sessions.end_all(account, request, cause="staff")
            self.log_change(request, account, gettext("Logged out everywhere."))
        self.message_user(request, gettext("Logged out everywhere: %s") % _names(accounts), messages.SUCCESS)

    @admin.action(description=_("End all API keys of these users"), permissions=["end"])
    def end_keys(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        ended = 0
        for account in self._accounts(queryset):
            if count := keys.delete_all(account, request):
                self.log_change(request, account, gettext("Ended all API keys."))
            ended += count
        self.message_user(request, gettext("API keys ended: %s") % ended, messages.SUCCESS)

    def has_reset_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a user may be sent a link; it goes to the stored address, which only who may change users can set."""
        return users.email_field() is not None and _may(self, "change", get_user_model(), request, obj)

    def has_end_permission(self, request: HttpRequest) -> bool:
        return _may(self, "delete", AuthToken, request)

    def _accounts(self, queryset: QuerySet[Any]) -> list[Any]:
        # In the list's order, each once.
        return list(dict.fromkeys(row.user for row in queryset.select_related("user")))

    def _send_resets(self, request: HttpRequest, accounts: Iterable[Any]) -> None:
        if conf.PUBLIC_URL is None:
            text = gettext("No letter can be sent: SIMPLE_AUTH['PUBLIC_URL'] is not set.")
            self.message_user(request, text, messages.ERROR)
            return
        sent = []
        unsent: dict[str, list[Any]] = {}
        for account in accounts:
            try:
                passwords.send_reset(account, request)
            except ResetImpossible as refused:
                unsent.setdefault(str(refused), []).append(account)
            else:
                sent.append(account)
                self.log_change(request, account, gettext("Sent a link to choose another password."))
        if sent:
            text = gettext("Letters on their way: %(count)d (%(names)s)")
            self.message_user(request, text % {"count": len(sent), "names": _names(sent)}, messages.SUCCESS)
        for cause, left_out in unsent.items():
            text = gettext("No letter to %(names)s: %(cause)s") % {"names": _names(left_out), "cause": cause}
            self.message_user(request, text, messages.WARNING)


def _names(accounts: Iterable[Any]) -> str:
    # Of a whole database's users, a message need not name all.
    return Truncator(", ".join(map(str, accounts))).chars(200)


@admin.register(AuthToken)
class AuthTokenAdmin(_Desk, _Row):
    """To see who is logged in and to end it: tokens are made by logging in, and nothing about one can be edited."""

    list_display = (
        "__str__",
        "account",
        "purpose",
        "name",
        "address",
        _instant("created_at"),
        _instant("last_used_at"),
        _instant("expires_at", read=tokens.ends_at),
    )
    list_filter = ("purpose",)
    fields = readonly_fields = (*list_display[1:4], "scopes", *list_display[4:])

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        _revoke(obj, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        for row in queryset.select_related("user"):
            _revoke(row, request)


@admin.register(Identifier)
class IdentifierAdmin(_Desk, _Row):
    """To find people by the names they hold, whether or not they are logged in, and to see which address is proved."""

    list_display = ("bearer", "kind", "account", _instant("verified_at", Identifier))
    list_display_links = None
    list_filter = ("kind", ("verified_at", admin.EmptyFieldListFilter))

    @admin.display(description=_("name"))
    def bearer(self, row: Identifier) -> str | None:
        """Only its digest is stored; None where an UPDATE without a save() gave the user another name."""
        name = users.identifiers(row.user).get(row.kind, "")
        return name if identifiers.digest(row.kind, name) == row.digest else None

    def get_urls(self) -> list[URLPattern]:
        # The list shows all there is.
        return [pattern for pattern in super().get_urls() if (pattern.name or "").endswith("_changelist")]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # By itself, a name is taken from nobody: it would be free for others while its user still bears it.
        return obj is not None and super().has_delete_permission(request, obj)


@admin.register(MailedSecret)
class MailedSecretAdmin(_Row):
    """To see what is in somebody's mailbox, and to withdraw it: the link of a deleted row is good no more."""

    list_display = (
        "__str__",
        "account",
        "purpose",
        "address",
        _instant("created_at", MailedSecret),
        _instant("expires_at", MailedSecret),
    )
    list_filter = ("purpose",)
    fields = readonly_fields = list_display[1:]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [*super().get_search_fields(request), "address"]


@admin.register(Presence)
class PresenceAdmin(_Row):
    """To see who is logged in by a contract that knows no tokens, and to end it."""

    list_display = ("__str__", "account", _instant("since", Presence))
    fields = readonly_fields = list_display[1:]

    def delete_model(self, request: HttpRequest, obj: Presence) -> None:
        presence.end(obj.user, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Presence]) -> None:
        for row in queryset.select_related("user"):
            presence.end(row.user, request)
