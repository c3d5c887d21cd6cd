"""User admins as hosts write them, each on a site of its own."""

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
    """Django's own, with ours before it, an action of the project's, and the password in a line with the name."""

    fieldsets = ((None, {"fields": (("username", "password"),)}), *UserAdmin.fieldsets[1:])
    actions = (*AccountAdmin.actions, "greet")

    @admin.action(description="Greet")
    def greet(self, request: Any, queryset: Any) -> None:
        self.message_user(request, "Hello")


@admin.register(User, site=plain)
class PlainAdmin(AccountAdmin):
    """Nothing of Django's user admin, and formsets that the host saves by itself."""

    readonly_fields = ("email",)

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
