from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from . import users
from .models import AuthToken


def _instant(name: str) -> Any:
    """A column for an InstantField, which the admin would take for a number."""

    @admin.display(description=getattr(AuthToken._meta.get_field(name), "verbose_name", name), ordering=name)
    def column(row: AuthToken) -> datetime | None:
        moment: datetime | None = getattr(row, name)
        return moment

    return column


_COLUMNS: tuple[Any, ...] = (
    "user",
    "purpose",
    _instant("created_at"),
    _instant("last_used_at"),
    _instant("expires_at"),
)


@admin.register(AuthToken)
class AuthTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To see who is logged in and to end it: tokens are made by logging in, and nothing about one can be edited."""

    list_display = ("__str__", *_COLUMNS)
    list_filter = ("purpose",)
    list_select_related = ("user",)
    ordering = ("-pk",)
    fields = readonly_fields = _COLUMNS

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{users.username_field()}"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        return False
