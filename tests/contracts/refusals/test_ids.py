"""Ids in the path that belong to nothing, or to another user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth import get_user_model

from django_simple_auth.exceptions import ResourceNotFound
from django_simple_auth.views import DeleteKey, EndSession, LogOutById
from tests.contracts.refusals.cases import CAPTURED, CONTRACTS, MOUNTS, NOT_FOUND, Case, each, refused, refuses


@each(lambda case: issubclass(case.endpoint.view, LogOutById), user_id=lambda case: ["0", "bob", "9" * 30, "%00"])
def test_an_id_of_no_user_is_refused(ask: Any, case: Case, user_id: str):
    path = MOUNTS[case.name] + case.endpoint.path.replace("<str:user_id>", user_id)
    refused(case, ask(case, path=path), 400)


def unused(make: Callable[[Any], Any]) -> str:
    return "0"


def too_large(make: Callable[[Any], Any]) -> str:
    return "9" * 30


def another_users(make: Callable[[Any], Any]) -> str:
    return str(make(get_user_model().objects.create_user("eve")))


def not_a_number(make: Callable[[Any], Any]) -> str:
    return "bob"


def negative(make: Callable[[Any], Any]) -> str:
    return "-1"


def nul(make: Callable[[Any], Any]) -> str:
    return "%00"


OTHER_IDS = {make.__name__: make for make in [unused, too_large, another_users, not_a_number, negative, nul]}
ID_PARTS = {EndSession: "<int:session_id>", DeleteKey: "<int:key_id>"}


@each(refuses(ResourceNotFound), kind=lambda case: OTHER_IDS)
def test_an_id_that_is_not_the_users_is_a_404(ask: Any, case: Case, kind: str):
    part = ID_PARTS[case.endpoint.view]
    path = MOUNTS[case.name] + case.endpoint.path.replace(part, OTHER_IDS[kind](CAPTURED[part]))
    assert NOT_FOUND[case.name] in case.endpoint.refusal_statuses(CONTRACTS[case.name].refusals)
    refused(case, ask(case, path=path), NOT_FOUND[case.name])


@each(refuses(ResourceNotFound))
def test_an_id_of_another_kind_is_a_404(ask: Any, user: Any, case: Case):
    mine = ID_PARTS[case.endpoint.view]
    (other,) = {*ID_PARTS.values()} - {mine}
    path = MOUNTS[case.name] + case.endpoint.path.replace(mine, str(CAPTURED[other](user)))
    refused(case, ask(case, path=path), NOT_FOUND[case.name])


@each(refuses(ResourceNotFound))
def test_an_id_of_a_deleted_row_is_a_404(ask: Any, case: Case):
    path = case.path
    assert ask(case, path=path).status_code < 300
    refused(case, ask(case, path=path), NOT_FOUND[case.name])
