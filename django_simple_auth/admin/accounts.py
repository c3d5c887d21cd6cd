"""What a host's own user admin is given: the user's logins and keys, and a reset in the place of Django's form."""

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
"""Tokens on a user's page. Each is three fields of its form, of which Django takes 1,000 in all."""


class _Tokens(BaseInlineFormSet):  # type: ignore[type-arg]
    request: HttpRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What was shown is to be found again when it comes back, whatever has been used meanwhile.
        if not self.is_bound and self.queryset is not None:
            self.queryset = self.queryset[:_MOST]

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        if commit:
            revoke(obj, self.request)


class _TokenInline(admin.TabularInline):  # type: ignore[type-arg]
    """The user's live tokens of one purpose, the latest used first."""

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
        # Django makes the class anew for each request.
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
    """To stand before the host's own: ``class PersonAdmin(AccountAdmin, django.contrib.auth.admin.UserAdmin)``.

    Where the user model has no e-mail field there is no reset, and Django's form to choose a password stays. Whoever
    sets ``actions`` keeps these by ``(*AccountAdmin.actions, ...)``.
    """

    @admin.display(description=_("password"))
    def reset_link(self, user: Any) -> str:
        """What stands in the place of the password."""
        return format_html('<a class="button" href="{}">{}</a>', self._page("reset", user), _("Send a link"))

    def reset_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whether to send the user a link to choose another password, and send it."""
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
            "title": gettext("Send a link to choose another password"),
            "address": user_model.email_of(user),
            "fault": passwords.reset_error(user),
            "back": self._page("change", user),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/django_simple_auth/reset.html", context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Where Django's user admin lets staff choose a password."""
        # Not documented, and the only place to replace that form, whose page has no setting.
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
        # As Django's user admin has it, where that is not the next in line.
        return not lookup.startswith("password") and super().lookup_allowed(lookup, value, request)

    def has_reset_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Not by the user model: this may be the admin of a proxy.
        return user_model.email_field() is not None and self.has_change_permission(request, obj)

    def accounts(self, queryset: QuerySet[Any]) -> list[Any]:
        return list(queryset)

    def _name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def _page(self, page: str, user: Any) -> str:
        return reverse(f"{self.admin_site.name}:{self._name(page)}", args=[quote(user.pk)])


def _replaced(fields: Iterable[Any], link: list[str]) -> list[Any]:
    """The fields with the link in the place of the password, and nowhere else."""
    found: list[Any] = []
    for field in fields:
        if isinstance(field, (list, tuple)):
            found.append(_replaced(field, link))
        elif field == "password":
            found += link
        elif field != "reset_link":
            found.append(field)
    return found
