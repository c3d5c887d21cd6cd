"""The request's body: missing, unknown and invalid fields, malformed bodies, other content types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model

from django_simple_auth.views import CreateKey, LogIn, UpdateAccount
from tests.contracts.refusals.cases import SHAPES, Case, always, by_field, each, refused, takes_a_body


@each(always)
def test_a_valid_request_is_accepted(ask: Any, case: Case):
    assert ask(case).status_code == (case.endpoint.status if case.endpoint.response else 204)


# Fields that are missing or unknown


@each(takes_a_body, field=lambda case: case.required)
def test_a_missing_field_is_refused(ask: Any, case: Case, field: str):
    body = {name: value for name, value in case.body.items() if name != field}
    assert field in str(refused(case, ask(case, body=body), 400))


@each(lambda case: case.required and by_field in SHAPES[case.name])
def test_all_missing_fields_are_named_at_once(ask: Any, case: Case):
    assert set(refused(case, ask(case, body={}), 400)) == set(case.required)


@each(takes_a_body, field=lambda case: case.optional)
def test_an_optional_field_may_be_missing(ask: Any, case: Case, field: str):
    assert ask(case, body={name: value for name, value in case.body.items() if name != field}).status_code < 300


@each(lambda case: case.optional)
def test_all_optional_fields_may_be_missing(ask: Any, case: Case):
    assert ask(case, body={name: case.body[name] for name in case.required}).status_code < 300


UNKNOWN = {"id": 7, "is_staff": True, "is_superuser": True, "is_active": False, "groups": [1], "unknown": {"a": [None]}}


@each(always)
def test_unknown_fields_are_ignored(ask: Any, case: Case):
    body = {**{name: value for name, value in UNKNOWN.items() if name not in case.fields}, **case.body}
    assert ask(case, body=body).status_code == (case.endpoint.status if case.endpoint.response else 204)
    for stored in get_user_model().objects.all():
        assert (stored.is_staff, stored.is_superuser, stored.is_active) == (False, False, True)
        assert (stored.groups.count(), stored.pk != 7) == (0, True)


# Values


WRONG_TYPES = {
    "number": 7,
    "fraction": 0.5,
    "boolean": True,
    "null": None,
    "list": ["bob"],
    "object": {"bob": "bob"},
    "NUL": "bob\0",
    "surrogate": "\ud800",
    "empty": "",
}
ALLOWED = {
    (LogIn, "device", "empty"),
    (UpdateAccount, "first_name", "empty"),
    (UpdateAccount, "last_name", "empty"),
    (CreateKey, "scopes", "list"),
    (CreateKey, "expires_at", "null"),
}


def typed(is_right: bool) -> Callable[[Case], list[tuple[str, str]]]:
    """``(field, kind of value)`` that the endpoint accepts, or does not."""

    def rows(case: Case) -> list[tuple[str, str]]:
        every = [(field, kind) for field in case.fields for kind in WRONG_TYPES]
        return [row for row in every if ((case.endpoint.view, *row) in ALLOWED) == is_right]

    return rows


@each(takes_a_body, typed=typed(is_right=False))
def test_a_field_of_the_wrong_type_is_refused(ask: Any, case: Case, typed: tuple[str, str]):
    field, kind = typed
    assert field in str(refused(case, ask(case, body={**case.body, field: WRONG_TYPES[kind]}), 400))


@each(takes_a_body, typed=typed(is_right=True))
def test_a_field_may_allow_what_others_refuse(ask: Any, case: Case, typed: tuple[str, str]):
    field, kind = typed
    assert ask(case, body={**case.body, field: WRONG_TYPES[kind]}).status_code < 300


WRONG_VALUES: dict[str, dict[str, Any]] = {
    "scopes": {
        "number": [7],
        "null": ["bob", None],
        "list": [["bob"]],
        "empty": [""],
        "blank": ["bob bob"],
        "NUL": ["bob\0"],
        "surrogate": ["\ud800"],
        "endless": ["a" * 100_000],
        "endlessly many": [f"a{number}" for number in range(100_000)],
    },
    "expires_at": {
        "past": "2000-01-01T00:00:00Z",
        "before all time": "0001-01-01T00:00:00+23:59",
        "after all time": "9999-12-31T23:59:59-23:59",
        "no such day": "2999-02-30T00:00:00Z",
        "no such hour": "2999-01-01T25:00:00Z",
        "time only": "10:00:00",
        "word": "tomorrow",
    },
}


@each(takes_a_body, wrong=lambda case: [(field, kind) for field in case.fields for kind in WRONG_VALUES.get(field, {})])
def test_an_invalid_value_of_the_right_type_is_refused(ask: Any, case: Case, wrong: tuple[str, str]):
    field, kind = wrong
    assert field in refused(case, ask(case, body={**case.body, field: WRONG_VALUES[field][kind]}), 400)


@each(lambda case: case.endpoint.view is CreateKey and takes_a_body(case))
def test_the_last_possible_expiry_is_accepted(ask: Any, case: Case):
    assert ask(case, body={**case.body, "expires_at": "9999-12-31T23:59:59.999999Z"}).status_code < 300


@each(takes_a_body, field=lambda case: case.fields)
def test_a_very_long_field_is_refused(ask: Any, case: Case, field: str):
    refused(case, ask(case, body={**case.body, field: "a" * 100_000}), 400)


# The body as a whole


MALFORMED = {
    "empty": b"",
    "unclosed": b"{",
    "not UTF-8": b'{"username": "\xff"}',
    "nested": b"[" * 100_000,
    "name twice": b'{"username": "bob", "username": "bob"}',
    "NaN": b'{"username": NaN}',
    "form": b"username=bob&password=bob",
    "list": b"[]",
    "list of one": b'[{"username": "bob"}]',
    "text": b'"bob"',
    "number": b"7",
    "null": b"null",
}


@each(takes_a_body, kind=lambda case: MALFORMED)
def test_a_malformed_body_is_refused(ask: Any, case: Case, kind: str):
    # DRF reads an empty body as an empty object, which is valid if no field is required.
    if kind == "empty" and not any(field.required for field in case.endpoint.request().fields.values()):
        assert ask(case, body=b"").status_code == 200
    else:
        refused(case, ask(case, body=MALFORMED[kind]), 400)


OTHER_TYPES = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml", "json", ""]


@each(takes_a_body, content_type=lambda case: OTHER_TYPES)
def test_another_content_type_is_refused(ask: Any, case: Case, content_type: str):
    refused(case, ask(case, content_type=content_type), 415)


@each(takes_a_body)
def test_a_body_that_is_too_large_is_refused(ask: Any, settings: Any, case: Case):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    refused(case, ask(case), 413)


@each(lambda case: not takes_a_body(case), kind=lambda case: MALFORMED)
def test_a_body_that_is_not_read_is_not_refused(ask: Any, case: Case, kind: str):
    assert ask(case, body=MALFORMED[kind], content_type="text/plain").status_code < 300
