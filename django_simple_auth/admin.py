from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import keys, presence, sessions, users
from .models import AuthToken, Presence
from .refusals import Missing


def _instant(name: str, model: type[Model] = AuthToken) -> Any:
    """A column for an InstantField, which the admin would take for a number."""

    @admin.display(description=getattr(model._meta.get_field(name), "verbose_name", name), ordering=name)
    def column(row: Model) -> datetime | None:
        moment: datetime | None = getattr(row, name)
        return moment

    return column


def _end(row: AuthToken, request: HttpRequest) -> None:
    """By the service, so that it is told like any other end. Whatever has ended meanwhile is no error."""
    with suppress(Missing):
        if row.purpose == AuthToken.Purpose.KEY:
            keys.delete(row.user, row.pk, request)
        else:
            sessions.end_one(row.user, row.pk, request, cause="staff")


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

    def delete_model(self, request: HttpRequest, obj: Presence) -> None:
        presence.end(obj.user, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Presence]) -> None:
        for row in queryset.select_related("user"):
            presence.end(row.user, request)


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
            sessions.end_all(user, request, cause="staff")

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        return [f"user__{users.login_field()}"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuthToken | None = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: AuthToken) -> None:
        _end(obj, request)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AuthToken]) -> None:
        for token in queryset.select_related("user"):
            _end(token, request)
