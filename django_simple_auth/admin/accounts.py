"""A base class for the project's user admin: sessions, API keys, and a reset link instead of Django's password form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..accounts import passwords
from ..db import clock
from ..identity import user_model
from ..models import AuthToken
from ..tokens import lifetime
from .actions import UserActions, revoke, timestamp

_MOST = 50
"""The most tokens on a user's page. Each has three form fields, and Django accepts 1,000 fields in a form."""


class _Tokens(BaseInlineFormSet):  # type: ignore[type-arg]
    request: HttpRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Only when the page is shown: a bound form must find its rows, even if the order has changed since.
        if not self.is_bound and self.queryset is not None:
            self.queryset = self.queryset[:_MOST]

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        if commit:
            revoke(obj, self.request)


class _TokenInline(admin.TabularInline):  # type: ignore[type-arg]
    """The user's valid tokens of one purpose, the most recently used first."""

    model = AuthToken
    formset = _Tokens
    purpose: AuthToken.Purpose
    ordering = ("-last_used_at", "-pk")
    extra = 0
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuthToken]:
        rows: QuerySet[AuthToken] = super().get_queryset(request)
        return rows.filter(purpose=self.purpose).exclude(lifetime.expired(clock.now()))

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        # Django creates a new class for each request, so this is no shared state.
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.request = request
        return formset

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:  # type: ignore[override]
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


_TIMES = (timestamp("created_at"), timestamp("last_used_at"), timestamp("expires_at", read=lifetime.ends_at))


class SessionInline(_TokenInline):
    purpose = AuthToken.Purpose.LOGIN
    verbose_name_plural = _("sessions")
    fields = readonly_fields = ("name", "ip_address", *_TIMES)


class KeyInline(_TokenInline):
    purpose = AuthToken.Purpose.KEY
    verbose_name_plural = _("API keys")
    fields = readonly_fields = ("name", "scopes", *_TIMES)


class AccountAdmin(UserActions):
    """Put it first: ``class PersonAdmin(AccountAdmin, django.contrib.auth.admin.UserAdmin)``.

    If the user model has no e-mail field, there is no reset link and Django's password form stays. If you set
    ``actions``, keep these with ``(*AccountAdmin.actions, ...)``.
    """

    @admin.display(description=_("password"))
    def reset_link(self, user: Any) -> str:
        """The button that is shown instead of the password."""
        text = _("Send a password reset link")
        return format_html('<a class="button" href="{}">{}</a>', self._page("reset", user), text)

    def reset_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for confirmation, then send the user a password reset link."""
        user = self.get_object(request, unquote(object_id))
        if not self.has_reset_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        if request.method == "POST":
            self.send_resets(request, [user])
            return HttpResponseRedirect(self._page("change", user))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Send a password reset link"),
            "email": user_model.email_of(user),
            "error": passwords.reset_error(user),
            "back": self._page("change", user),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/django_simple_auth/reset.html", context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Replaces the page on which Django's user admin lets staff choose a password."""
        # Not documented, but the only place to replace that form: its page has no setting.
        if user_model.email_field() is None:
            response: HttpResponse = super().user_change_password(request, id, form_url)  # type: ignore[misc]
            return response
        return HttpResponseRedirect(reverse(f"{self.admin_site.name}:{self._name('reset')}", args=[id]))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reset_view)
        return [path("<path:object_id>/reset/", view, name=self._name("reset")), *super().get_urls()]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        ours = [] if obj is None else [SessionInline, KeyInline]
        return [*super().get_inlines(request, obj), *ours]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or user_model.email_field() is None:
            return fieldsets
        link = ["reset_link"] if self.has_reset_permission(request, obj) else []
        return [(title, {**options, "fields": _replaced(options["fields"], link)}) for title, options in fieldsets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *([] if obj is None else ["reset_link"])]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        # As in Django's user admin, which need not be a base class here.
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def has_reset_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # This admin's own permission, not the user model's: it may be the admin of a proxy.
        return user_model.email_field() is not None and self.has_change_permission(request, obj)

    def accounts(self, queryset: QuerySet[Any]) -> list[Any]:
        return list(queryset)

    def _name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _page(self, page: str, user: Any) -> str:
        return reverse(f"{self.admin_site.name}:{self._name(page)}", args=[quote(user.pk)])


def _replaced(fields: Iterable[Any], link: list[str]) -> list[Any]:
    """The fields with the reset link instead of the password."""
    found: list[Any] = []
    for field in fields:
        if isinstance(field, (list, tuple)):
            found.append(_replaced(field, link))
        elif field == "password":
            found += link
        elif field != "reset_link":
            found.append(field)
    return found
