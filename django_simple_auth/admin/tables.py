"""Read-only admins: sessions and API keys, identifiers, one-time tokens, logins without a token."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from .. import presence
from ..identity import identifiers, user_model
from ..models import AuthToken, Identifier, OneTimeToken, Presence
from ..tokens import lifetime
from .actions import NOTHING, UserActions, may, revoke, timestamp


class ReadOnlyRow(admin.ModelAdmin):  # type: ignore[type-arg]
    """A row that belongs to a user and that only the services create and change."""

    list_select_related = ("user",)
    ordering = ("-pk",)

    @admin.display(description=_("user"), ordering="user")
    def account(self, row: Any) -> str:
        """The user, with a link to the project's own admin page for them."""
        model = get_user_model()
        if row.user is None or not self.admin_site.is_registered(model):
            return NOTHING if row.user is None else str(row.user)
        page = f"{self.admin_site.name}:{model._meta.app_label}_{model._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(page, args=[quote(row.user.pk)]), row.user)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{name}" for name in dict.fromkeys([user_model.login_field(), *user_model.identifier_kinds()])]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # Comparisons in the URL would disclose the digest bit by bit.
        return not lookup.startswith("digest") and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Django asks for every row that is deleted with a user. The permission to delete the user is enough.
        goes_with_user = obj is not None and obj.user is not None
        return super().has_delete_permission(request, obj) or (
            goes_with_user and may(self, "delete", get_user_model(), request, obj.user)
        )


@admin.register(AuthToken)
class AuthTokenAdmin(UserActions, ReadOnlyRow):
    """Shows sessions and API keys, and ends them. They cannot be added or edited here."""

    list_display = (
        "__str__",
        "account",
        "purpose",
        "name",
        "ip_address",
        timestamp("created_at"),
        timestamp("last_used_at"),
        timestamp("expires_at", read=lifetime.ends_at),
    )
    list_filter = ("purpose",)
    fields = readonly_fields = (*list_display[1:4], "scopes", *list_display[4:])

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        revoke(obj, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        for row in queryset.select_related("user"):
            revoke(row, request)


@admin.register(Identifier)
class IdentifierAdmin(UserActions, ReadOnlyRow):
    """Finds users by username or e-mail address, and shows which addresses are verified."""

    list_display = ("current_name", "kind", "account", timestamp("verified_at", Identifier))
    list_display_links = None
    list_filter = ("kind", ("verified_at", admin.EmptyFieldListFilter))

    @admin.display(description=_("name"))
    def current_name(self, row: Identifier) -> str:
        """The user's current value if it matches the stored digest; it does not after an UPDATE without ``save()``."""
        name = user_model.identifiers_of(row.user).get(row.kind, "")
        return name if identifiers.digest(row.kind, name) == row.digest else NOTHING

    def get_urls(self) -> list[URLPattern]:
        # Only the list; it shows everything.
        return [pattern for pattern in super().get_urls() if (pattern.name or "").endswith("_changelist")]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Not by itself: others could then take the name while its user still has it.
        return obj is not None and super().has_delete_permission(request, obj)


@admin.register(OneTimeToken)
class OneTimeTokenAdmin(ReadOnlyRow):
    """Shows which links were sent. Deleting a row revokes its link."""

    list_display = (
        "__str__",
        "account",
        "purpose",
        "email",
        timestamp("created_at", OneTimeToken),
        timestamp("expires_at", OneTimeToken),
    )
    list_filter = ("purpose",)
    fields = readonly_fields = list_display[1:]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [*super().get_search_fields(request), "email"]


@admin.register(Presence)
class PresenceAdmin(ReadOnlyRow):
    """Shows who is logged in without a token, and logs them out."""

    list_display = ("__str__", "account", timestamp("since", Presence))
    fields = readonly_fields = list_display[1:]

    def delete_model(self, request: HttpRequest, obj: Presence) -> None:
        presence.end(obj.user, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Presence]) -> None:
        for row in queryset.select_related("user"):
            presence.end(row.user, request)
