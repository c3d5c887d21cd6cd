"""Django's admin for browsers only: no token opens it, and so no API key of a member of staff."""

from typing import Any

from django.contrib.admin import AdminSite


class SessionsOnlyAdmin(AdminSite):
    def has_permission(self, request: Any) -> bool:
        return request.auth is None and super().has_permission(request)
