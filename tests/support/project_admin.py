"""User admins as projects write them, each on its own site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin

from django_simple_auth.admin import AccountAdmin

User = get_user_model()
host = admin.AdminSite(name="host")
plain = admin.AdminSite(name="plain")


@admin.register(User, site=host)
class PersonAdmin(AccountAdmin, UserAdmin):  # type: ignore[type-arg]
    """Ours and Django's, with an action of the project and the password in a row with the username."""

    fieldsets = ((None, {"fields": (("username", "password"),)}), *UserAdmin.fieldsets[1:])
    actions = (*AccountAdmin.actions, "greet")

    @admin.action(description="Greet")
    def greet(self, request: Any, queryset: Any) -> None:
        self.message_user(request, "Hello")


@admin.register(User, site=plain)
class PlainAdmin(AccountAdmin):
    """Without Django's user admin, and with formsets that the project saves itself."""

    readonly_fields = ("email",)

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
