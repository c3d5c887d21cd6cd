from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.views import APIView

from django_simple_auth.contracts import errors
from django_simple_auth.contracts.errors import by_field_or_text, coded_detail, non_field_errors, one_text
from django_simple_auth.wire.resource import Resource

ABOUT_FIELDS = ValidationError({"b": ["second"], "a": ["first", "other"]})
ABOUT_NONE = ValidationError({"non_field_errors": ["neither"]})
ABOUT_BOTH = ValidationError({"a": ["first"], "non_field_errors": ["neither"]})
A_LIST = ValidationError(["bare"])
NESTED = ValidationError({"a": [{}, {"b": ["deep"]}]})


@pytest.mark.parametrize(
    ("shape", "error", "body"),
    [
        (non_field_errors, NotFound("gone"), {"detail": "gone"}),
        (non_field_errors, ABOUT_FIELDS, {"b": ["second"], "a": ["first", "other"]}),
        (coded_detail, NotFound("gone"), {"detail": "gone", "code": "not_found"}),
        (coded_detail, ABOUT_NONE, {"non_field_errors": ["neither"]}),
        (coded_detail, A_LIST, ["bare"]),
        (one_text("error"), NotFound("gone"), {"error": "gone"}),
        (one_text("error"), ABOUT_FIELDS, {"error": "b: second"}),
        (one_text("error"), ABOUT_NONE, {"error": "neither"}),
        (one_text("error"), ABOUT_BOTH, {"error": "neither"}),
        (one_text("error"), A_LIST, {"error": "bare"}),
        (by_field_or_text("error"), NotFound("gone"), {"error": "gone"}),
        (by_field_or_text("error"), ABOUT_FIELDS, {"b": ["second"], "a": ["first", "other"]}),
        (by_field_or_text("error"), ABOUT_NONE, {"error": "neither"}),
    ],
)
def test_each_shape_has_its_own_body(shape: Any, error: Any, body: Any):
    assert shape(error, {}).data == body


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(Http404(), 404, "not_found"), (PermissionDenied(), 403, "permission_denied"), (NotFound(), 404, "not_found")],
)
def test_a_shape_may_serve_a_projects_own_views(error: Exception, status: int, code: str):
    response = coded_detail(error, {})
    assert response is not None
    assert (response.status_code, response.data["code"]) == (status, code)


def test_any_other_exception_goes_on_to_django():
    assert coded_detail(ValueError(), {}) is None


@pytest.mark.parametrize(("view", "rolled_back"), [(APIView(), True), (Resource(), False)])
def test_only_a_projects_own_view_is_rolled_back(monkeypatch: Any, view: Any, rolled_back: bool):
    marked: list[bool] = []
    monkeypatch.setattr(errors, "set_rollback", lambda: marked.append(True))
    coded_detail(NotFound(), {"view": view})
    assert bool(marked) is rolled_back
