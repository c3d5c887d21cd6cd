from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import sessions, users
from .models import AuthToken, Presence


def _instant(name: str, model: type[Model] = AuthToken) -> Any:
    """A column for an InstantField, which the admin would take for a number."""

    @admin.display(description=getattr(model._meta.get_field(name), "verbose_name", name), ordering=name)
    def column(row: Model) -> datetime | None:
        moment: datetime | None = getattr(row, name)
        return moment

    return column


_COLUMNS: tuple[Any, ...] = (
    "user",
    "purpose",
    "name",
    "address",
    _instant("created_at"),
    _instant("last_used_at"),
    _instant("expires_at"),
)


@admin.register(Presence)
class PresenceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To see who is logged in by a contract that knows no tokens, and to end it."""

    list_display = ("user", _instant("since", Presence))
    list_select_related = ("user",)
    fields = readonly_fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Presence | None = None) -> bool:
        return False


@admin.register(AuthToken)
class AuthTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To see who is logged in and to end it: tokens are made by logging in, and nothing about one can be edited."""

    list_display = ("__str__", *_COLUMNS)
    list_filter = ("purpose",)
    list_select_related = ("user",)
    ordering = ("-pk",)
    fields = readonly_fields = _COLUMNS

    actions = ("end_everywhere",)

    @admin.action(description=_("Log the users of these tokens out everywhere"), permissions=["delete"])
    def end_everywhere(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        for user in {token.user for token in queryset.select_related("user")}:
            sessions.end_all(user, request)

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{users.login_field()}"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        return False
