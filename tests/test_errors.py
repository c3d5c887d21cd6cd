from __future__ import annotations

from typing import Any

import pytest
from rest_framework.exceptions import NotFound, ValidationError

from django_simple_auth.contracts.errors import by_field_or_text, coded_detail, non_field_errors, one_text

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
def test_each_shape_says_it_its_own_way(shape: Any, error: Any, body: Any):
    assert shape(error, {}).data == body
