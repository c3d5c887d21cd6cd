"""What we use of Django, DRF and drf-spectacular although it is not documented. A test here fails if it changes."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from django.conf import global_settings
from django.contrib.admin import ModelAdmin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import get_hasher, identify_hasher, make_password
from django.core.cache.backends.locmem import LocMemCache
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models.signals import pre_save
from django.forms import BaseInlineFormSet
from django.http import HttpResponse, HttpResponseServerError
from django.middleware.csrf import get_token, rotate_token
from django.test import RequestFactory
from django.urls.resolvers import RoutePattern
from django.utils.functional import Promise
from django.utils.log import log_response
from django.utils.translation import gettext_lazy
from drf_spectacular.drainage import get_override, set_override
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.fields import get_error_detail
from rest_framework.request import Request
from rest_framework.views import APIView, exception_handler, set_rollback

from tests.support.client import PASSWORD


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


# Django


def test_django_keeps_the_raw_password_until_it_is_saved(user: Any):
    assert vars(AbstractBaseUser)["_password"] is None
    user.set_password(PASSWORD)
    assert vars(user)["_password"] == PASSWORD


def test_django_forgets_the_raw_password_before_an_upgrade(user: Any, settings: Any):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    saves: list[Any] = []

    def hear(instance: Any, update_fields: Any, **kwargs: Any) -> None:
        saves.append((vars(instance)["_password"], set(update_fields)))

    fresh = get_user_model().objects.get()
    assert "_password" not in vars(fresh)
    pre_save.connect(hear, sender=get_user_model())
    assert fresh.check_password(PASSWORD)
    pre_save.disconnect(hear, sender=get_user_model())
    assert saves == [(None, {"password"})]


def test_django_knows_which_hashes_are_outdated():
    encoded = make_password(PASSWORD)
    assert identify_hasher(encoded).algorithm == get_hasher("default").algorithm
    assert get_hasher("default").must_update(encoded) is False
    for unknown in (make_password(None), "unknown$hash", ""):
        with pytest.raises(ValueError, match="hash"):
            identify_hasher(unknown)


def test_django_keeps_a_translated_route_untranslated():
    assert RoutePattern("accounts/")._route == "accounts/"
    assert isinstance(RoutePattern(gettext_lazy("accounts/"))._route, Promise)


def test_django_has_a_memory_cache_of_any_name():
    cache = LocMemCache("another", {"OPTIONS": {"MAX_ENTRIES": 1}})
    assert (cache.add("a", 1), cache.incr("a")) == (True, 2)
    cache.clear()


def test_django_closes_connections_that_are_too_old(db: None):
    connection.close_if_unusable_or_obsolete()


def test_django_logs_a_response_once(caplog: Any):
    request = RequestFactory().get("/")
    response = HttpResponseServerError()
    for _ in range(2):
        log_response("%s", "failed", response=response, request=request, exception=ValueError())
    assert len(caplog.records) == 1


def test_django_makes_another_csrf_token():
    request = RequestFactory().get("/")
    get_token(request)
    before = request.META["CSRF_COOKIE"]
    rotate_token(request)
    assert request.META["CSRF_COOKIE"] != before


def test_django_has_a_default_for_tasks_or_none():
    # The setting of a project is another object, even where it says the same.
    from django.conf import settings

    default = getattr(global_settings, "TASKS", None)
    assert getattr(settings, "TASKS", default) is default


def test_djangos_admin_has_one_view_to_choose_a_password():
    assert parameters(UserAdmin.user_change_password) == ["self", "request", "id", "form_url"]
    assert not hasattr(ModelAdmin, "user_change_password")


def test_djangos_formsets_delete_rows_one_by_one():
    assert parameters(BaseInlineFormSet.delete_existing) == ["self", "obj", "commit"]


def test_django_asks_the_router_where_to_write():
    rows = get_user_model().objects.all()
    assert rows._for_write is False
    assert rows.select_for_update()._for_write is True


def test_django_keeps_the_alias_of_a_manager():
    assert get_user_model().objects.db_manager("elsewhere")._db == "elsewhere"


# DRF


def test_drf_wraps_djangos_request():
    request = RequestFactory().get("/")
    assert Request(request)._request is request


def test_drf_checks_csrf_for_a_session():
    request = RequestFactory(enforce_csrf_checks=True).post("/")
    request._dont_enforce_csrf_checks = False  # type: ignore[attr-defined]
    with pytest.raises(PermissionDenied):
        SessionAuthentication().enforce_csrf(Request(request))


def test_drf_rolls_back_without_arguments(db: None):
    assert parameters(set_rollback) == []


def test_drf_reads_djangos_validation_errors():
    (detail,) = get_error_detail(ValidationError("%(n)s is wrong", "wrong", {"n": 7}))
    assert (detail, detail.code) == ("7 is wrong", "wrong")


def test_drf_sends_the_header_that_an_exception_carries(db: None):
    error = NotAuthenticated()
    error.auth_header = "Token"  # type: ignore[attr-defined]
    response = exception_handler(error, {})
    assert response is not None
    assert response["WWW-Authenticate"] == "Token"


def test_drf_asks_these_methods_of_a_view():
    assert parameters(APIView.get_authenticate_header) == ["self", "request"]
    assert parameters(APIView.permission_denied) == ["self", "request", "message", "code"]
    assert parameters(APIView.get_exception_handler_context) == ["self"]
    assert isinstance(APIView.default_response_headers, property)


# drf-spectacular


def test_spectacular_maps_a_models_field():
    assert parameters(AutoSchema._map_model_field) == ["self", "model_field", "direction"]


def test_spectacular_asks_whether_a_view_lists():
    assert parameters(AutoSchema._is_list_view) == ["self", "serializer"]


def test_spectacular_looks_a_body_up_by_the_method():
    assert parameters(AutoSchema._get_request_body) == ["self", "direction"]
    assert "self.method" in inspect.getsource(AutoSchema._get_request_body)


def test_spectacular_asks_for_the_body_of_each_status():
    expected = ["self", "serializer", "status_code", "media_types", "direction"]
    assert parameters(AutoSchema._get_response_for_code) == expected


def test_spectacular_leaves_the_schema_at_the_handler():
    @extend_schema(summary="x")
    def handler(self: Any, request: Any) -> HttpResponse:
        raise AssertionError("Made to be described, not to be called.")

    assert issubclass(handler.kwargs["schema"], AutoSchema)


def test_spectacular_remembers_a_components_name():
    class Shape:
        pass

    assert get_override(Shape, "component_name") is None
    set_override(Shape, "component_name", "Named")
    assert get_override(Shape, "component_name") == "Named"
