"""Every endpoint of every contract, a request that it accepts, and what its refusals look like.

Each test of this folder takes one kind of refusal through all endpoints that can answer with it.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, NamedTuple

import jsonschema
import pytest
from django.contrib.auth import get_user_model

from django_simple_auth import contracts, keys, sessions
from django_simple_auth.exceptions import InvalidCredentials
from django_simple_auth.models import OneTimeToken
from django_simple_auth.tokens import links
from django_simple_auth.views import ChangeEmail, ConfirmPasswordReset, Register, UpdateAccount, VerifyEmail
from django_simple_auth.wire import Contract, Endpoint
from tests.support.client import PASSWORD

NATIVE = "native"
PUBLISHED = [found.name for found in pkgutil.iter_modules(contracts.__path__) if found.name not in {"errors", "native"}]
CONTRACTS: dict[str, Contract] = {
    NATIVE: import_module("django_simple_auth.urls").contract,
    **{name: import_module(f"{contracts.__name__}.{name}").contract for name in PUBLISHED},
}
MOUNTS = {NATIVE: "/api/auth/", **{name: f"/contracts/{name}/" for name in PUBLISHED}}
KNOWN = {"username": "bob", "email": "bob@example.com", "password": PASSWORD}
NEW = {
    "username": "ann",
    "email": "ann@example.com",
    "first_name": "Ann",
    "last_name": "Lee",
    "password": PASSWORD,
    "password1": PASSWORD,
    "password2": PASSWORD,
}
OTHERS = {
    "device": "Bob's telephone",
    "name": "backup",
    "scopes": ["notes:read", "notes:write"],
    "expires_at": "2999-01-01T00:00:00Z",
    "current_password": PASSWORD,
    "invitation": "not asked for",
    "new_password": "canary-Battery-Staple-8",
}
FRONTEND_URLS = {ConfirmPasswordReset: OneTimeToken.Purpose.RESET, VerifyEmail: OneTimeToken.Purpose.VERIFY}
CAPTURED: dict[str, Callable[[Any], Any]] = {
    "<str:user_id>": lambda bob: bob.pk,
    "<int:session_id>": lambda bob: sessions.start(bob).row.pk,
    "<int:key_id>": lambda bob: keys.create(bob).row.pk,
}


def known() -> Any:
    """Bob as stored: a request may have changed the row."""
    return get_user_model().objects.get(username="bob")


class Case(NamedTuple):
    """One endpoint of the contract of that name, and a request that it accepts."""

    name: str
    endpoint: Endpoint

    @property
    def path(self) -> str:
        return MOUNTS[self.name] + re.sub("<.*?>", lambda part: str(CAPTURED[part[0]](known())), self.endpoint.path)

    @property
    def fields(self) -> list[str]:
        return list(self.endpoint.request().fields) if self.endpoint.request else []

    @property
    def required(self) -> list[str]:
        fields = self.endpoint.request().fields if self.endpoint.request else {}
        return [name for name, field in fields.items() if field.required]

    @property
    def optional(self) -> list[str]:
        return [field for field in self.fields if field not in self.required]

    @property
    def body(self) -> dict[str, Any]:
        values = {**OTHERS, **(NEW if sets_names(self) else KNOWN)}
        if "token" in self.fields:
            values["token"] = links.issue(FRONTEND_URLS[self.endpoint.view], "bob@example.com", known())
        return {field: values[field] for field in self.fields}

    @property
    def methods(self) -> set[str]:
        """The methods that this path answers."""
        there = [other for other in CONTRACTS[self.name].endpoints if other.path == self.endpoint.path]
        heads = {"HEAD" for other in there if other.method == "GET" and not other.unsafe_get}
        return {other.method for other in there} | heads | {"OPTIONS"}


CASES = [Case(name, endpoint) for name, contract in CONTRACTS.items() for endpoint in contract.endpoints]


def each(applies: Callable[[Case], Any], **parameters: Callable[[Case], Iterable[Any]]) -> Any:
    """Parametrize a test: each case that it applies to, with each value of its other parameters."""
    rows = [(case,) for case in CASES if applies(case)]
    for values in parameters.values():
        rows = [(*row, value) for row in rows for value in values(row[0])]
    ids = ["-".join([row[0].name, row[0].endpoint.method, row[0].endpoint.path, *map(str, row[1:])]) for row in rows]
    return pytest.mark.parametrize(("case", *parameters), rows, ids=ids)


def always(case: Case) -> bool:
    return True


def takes_a_body(case: Case) -> bool:
    return case.endpoint.request is not None


def takes_a_token(case: Case) -> bool:
    return bool(case.endpoint.authentication_classes)


def registers(case: Case) -> bool:
    return issubclass(case.endpoint.view, Register)


def sets_names(case: Case) -> bool:
    return issubclass(case.endpoint.view, (Register, UpdateAccount, ChangeEmail))


def refuses(*causes: type[Exception]) -> Callable[[Case], bool]:
    return lambda case: any(issubclass(cause, causes) for cause in case.endpoint.view.raises)


def logs_in(case: Case) -> bool:
    return InvalidCredentials in case.endpoint.view.raises


# What each contract documents about its refusals, in addition to the schema of its error format


def is_text(found: Any) -> bool:
    return isinstance(found, str) and found != ""


def by_field(body: dict[str, Any]) -> bool:
    return body != {} and all(isinstance(found, list) and found and all(map(is_text, found)) for found in body.values())


def texts(*names: str) -> Callable[[dict[str, Any]], bool]:
    return lambda body: set(body) == set(names) and all(map(is_text, body.values()))


SHAPES: dict[str, list[Callable[[dict[str, Any]], bool]]] = {
    NATIVE: [by_field, texts("detail", "code")],
    "message": [texts("error")],
    "profile": [by_field, texts("detail")],
    "keys": [by_field, texts("error")],
    "email": [by_field, texts("detail")],
    "presence": [by_field, texts("detail")],
}
WRONG_PASSWORD = {NATIVE: 400, "message": 400, "profile": 400, "keys": 400, "email": 400, "presence": 401}
NO_TOKEN = {NATIVE: 401, "message": 401, "profile": 401, "keys": 400, "email": 400}
INVALID_TOKEN = {NATIVE: 401, "message": 401, "profile": 401, "keys": 400, "email": 401}
FORBIDDEN = {NATIVE: 403, "message": 403, "profile": 403, "keys": 400, "email": 403, "presence": 403}
NOT_FOUND = {NATIVE: 404}


def shaped(name: str, response: Any, status: int) -> dict[str, Any]:
    """The body, after a check of the status and of the contract's error format."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = response.json()
    jsonschema.validate(body, CONTRACTS[name].errors.schema(status))
    assert any(fits(body) for fits in SHAPES[name]), body
    return body


def refused(case: Case, response: Any, status: int) -> dict[str, Any]:
    """The body of a refusal, after a check that the endpoint documents this status."""
    assert status in case.endpoint.refusal_statuses(CONTRACTS[case.name].refusals) | {404, 405}
    return shaped(case.name, response, status)


def raising(error: Exception) -> Callable[..., Any]:
    def perform(*args: Any, **values: Any) -> Any:
        raise error

    return perform
