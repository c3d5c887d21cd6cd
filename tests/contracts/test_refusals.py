"""Every endpoint of every contract, through every kind of refusal: status and shape are the contract's."""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from importlib import import_module
from typing import Any, NamedTuple

import jsonschema
import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from django.db.models import ProtectedError
from django.test import Client as DjangoClient

from django_simple_auth import contracts, keys, sessions
from django_simple_auth.accounts import emails
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import (
    AccountInUse,
    EmailTaken,
    InvalidCredentials,
    LinkInvalid,
    ResourceNotFound,
    TokenInvalid,
    TooManyAttempts,
    WrongCurrentPassword,
)
from django_simple_auth.models import OneTimeToken
from django_simple_auth.permissions import DenyAPIKey
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import links
from django_simple_auth.views import (
    ChangeEmail,
    ConfirmPasswordReset,
    CreateKey,
    DeleteKey,
    EndSession,
    LogIn,
    LogOutById,
    Register,
    RequestPasswordReset,
    ResendVerification,
    UpdateAccount,
    VerifyEmail,
)
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
    """One endpoint, and what it accepts where it is mounted."""

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
        values = {**OTHERS, **(NEW if names_anew(self) else KNOWN)}
        if "token" in self.fields:
            values["token"] = links.issue(FRONTEND_URLS[self.endpoint.view], "bob@example.com", known())
        return {field: values[field] for field in self.fields}

    @property
    def methods(self) -> set[str]:
        """Those that are answered at this path."""
        there = [other for other in CONTRACTS[self.name].endpoints if other.path == self.endpoint.path]
        heads = {"HEAD" for other in there if other.method == "GET" and not other.unsafe_get}
        return {other.method for other in there} | heads | {"OPTIONS"}


CASES = [Case(name, endpoint) for name, contract in CONTRACTS.items() for endpoint in contract.endpoints]


def each(case_is_meant: Callable[[Case], Any], **beside: Callable[[Case], Iterable[Any]]) -> Any:
    """A test for each case that is meant, and for each value that stands beside it."""
    rows = [(case,) for case in CASES if case_is_meant(case)]
    for values in beside.values():
        rows = [(*row, value) for row in rows for value in values(row[0])]
    ids = ["-".join([row[0].name, row[0].endpoint.method, row[0].endpoint.path, *map(str, row[1:])]) for row in rows]
    return pytest.mark.parametrize(("case", *beside), rows, ids=ids)


def always(case: Case) -> bool:
    return True


def takes_a_body(case: Case) -> bool:
    return case.endpoint.request is not None


def takes_a_token(case: Case) -> bool:
    return bool(case.endpoint.authentication_classes)


def registers(case: Case) -> bool:
    return issubclass(case.endpoint.view, Register)


def names_anew(case: Case) -> bool:
    return issubclass(case.endpoint.view, (Register, UpdateAccount, ChangeEmail))


def refuses(*causes: type[Exception]) -> Callable[[Case], bool]:
    return lambda case: any(issubclass(cause, causes) for cause in case.endpoint.view.raises)


def logs_in(case: Case) -> bool:
    return InvalidCredentials in case.endpoint.view.raises


# What the contracts promise of their refusals, apart from what each error shape says of itself.


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
DEAD_TOKEN = {NATIVE: 401, "message": 401, "profile": 401, "keys": 400, "email": 401}
FORBIDDEN = {NATIVE: 403, "message": 403, "profile": 403, "keys": 400, "email": 403, "presence": 403}
NOT_THERE = {NATIVE: 404}


def shaped(name: str, response: Any, status: int) -> dict[str, Any]:
    """The body, once it looks as the contract says."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = response.json()
    jsonschema.validate(body, CONTRACTS[name].errors.schema(status))
    assert any(fits(body) for fits in SHAPES[name]), body
    return body


def refused(case: Case, response: Any, status: int) -> dict[str, Any]:
    """The body of a refusal that the endpoint announces."""
    assert status in case.endpoint.refusal_statuses(CONTRACTS[case.name].refusals) | {404, 405}
    return shaped(case.name, response, status)


LIVE: Any = object()


@pytest.fixture
def ask(client: Any, user: Any) -> Callable[..., Any]:
    """Send what the endpoint accepts, with a token of bob's, but for what is said otherwise."""

    def ask(
        case: Case,
        method: str = "",
        path: str = "",
        body: Any = None,
        token: str | None = LIVE,
        content_type: str = "application/json",
        client: DjangoClient = client,
        **headers: str,
    ) -> Any:
        if token is LIVE:
            user.refresh_from_db()
        secret = sessions.start(user).secret if token is LIVE else token
        path = path or case.path
        if secret is not None and case.endpoint.secret_parameters:
            path += f"?token={secret}"
        elif secret is not None:
            headers["HTTP_AUTHORIZATION"] = f"Token {secret}"
        content = body if isinstance(body, bytes) else json.dumps(case.body if body is None else body)
        return client.generic(method or case.endpoint.method, path, content, content_type, **headers)

    return ask


@each(always)
def test_every_unspoilt_request_is_accepted(ask: Any, case: Case):
    assert ask(case).status_code == (case.endpoint.status if case.endpoint.response else 204)


# The body


@each(takes_a_body, field=lambda case: case.required)
def test_a_missing_field_is_refused(ask: Any, case: Case, field: str):
    body = {name: value for name, value in case.body.items() if name != field}
    assert field in str(refused(case, ask(case, body=body), 400))


@each(lambda case: case.required and by_field in SHAPES[case.name])
def test_all_missing_fields_are_told_at_once(ask: Any, case: Case):
    assert set(refused(case, ask(case, body={}), 400)) == set(case.required)


@each(takes_a_body, field=lambda case: case.optional)
def test_an_optional_field_may_be_missing(ask: Any, case: Case, field: str):
    assert ask(case, body={name: value for name, value in case.body.items() if name != field}).status_code < 300


@each(lambda case: case.optional)
def test_all_optional_fields_may_be_missing(ask: Any, case: Case):
    assert ask(case, body={name: case.body[name] for name in case.required}).status_code < 300


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
RIGHT_AFTER_ALL = {
    (LogIn, "device", "empty"),
    (UpdateAccount, "first_name", "empty"),
    (UpdateAccount, "last_name", "empty"),
    (CreateKey, "scopes", "list"),
    (CreateKey, "expires_at", "null"),
}


def typed(is_right: bool) -> Callable[[Case], list[tuple[str, str]]]:
    """Fields, each with a kind of value that it takes, or does not."""

    def rows(case: Case) -> list[tuple[str, str]]:
        every = [(field, kind) for field in case.fields for kind in WRONG_TYPES]
        return [row for row in every if ((case.endpoint.view, *row) in RIGHT_AFTER_ALL) == is_right]

    return rows


@each(takes_a_body, typed=typed(is_right=False))
def test_a_field_of_the_wrong_type_is_refused(ask: Any, case: Case, typed: tuple[str, str]):
    field, kind = typed
    assert field in str(refused(case, ask(case, body={**case.body, field: WRONG_TYPES[kind]}), 400))


@each(takes_a_body, typed=typed(is_right=True))
def test_a_type_that_is_wrong_elsewhere_may_be_right(ask: Any, case: Case, typed: tuple[str, str]):
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
def test_a_value_that_only_looks_right_is_refused(ask: Any, case: Case, wrong: tuple[str, str]):
    field, kind = wrong
    assert field in refused(case, ask(case, body={**case.body, field: WRONG_VALUES[field][kind]}), 400)


@each(lambda case: case.endpoint.view is CreateKey and takes_a_body(case))
def test_the_last_possible_expiry_is_accepted(ask: Any, case: Case):
    assert ask(case, body={**case.body, "expires_at": "9999-12-31T23:59:59.999999Z"}).status_code < 300


@each(takes_a_body, field=lambda case: case.fields)
def test_a_very_long_field_is_refused(ask: Any, case: Case, field: str):
    refused(case, ask(case, body={**case.body, field: "a" * 100_000}), 400)


UNKNOWN = {"id": 7, "is_staff": True, "is_superuser": True, "is_active": False, "groups": [1], "unknown": {"a": [None]}}


@each(always)
def test_unknown_fields_are_ignored(ask: Any, case: Case):
    body = {**{name: value for name, value in UNKNOWN.items() if name not in case.fields}, **case.body}
    assert ask(case, body=body).status_code == (case.endpoint.status if case.endpoint.response else 204)
    for stored in get_user_model().objects.all():
        assert (stored.is_staff, stored.is_superuser, stored.is_active) == (False, False, True)
        assert (stored.groups.count(), stored.pk != 7) == (0, True)


MALFORMED = {
    "empty": b"",
    "open": b"{",
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
    # No body at all is an object without names to DRF; where nothing is required, nothing is missing.
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


# The method and the path


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"]


@each(always, method=lambda case: [method for method in METHODS if method not in case.methods])
def test_another_method_is_refused(ask: Any, case: Case, method: str):
    response = ask(case, method=method)
    refused(case, response, 405)
    assert set(response.headers["Allow"].split(", ")) == case.methods


@each(lambda case: "HEAD" not in case.methods)
def test_head_is_refused_where_get_is_unsafe(ask: Any, case: Case):
    response = ask(case, method="HEAD")
    assert (response.status_code, response.content) == (405, b"")


@each(lambda case: case.endpoint.unsafe_get, header=lambda case: ["HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_MOZ"])
def test_a_prefetch_of_an_unsafe_get_is_refused(ask: Any, case: Case, header: str):
    refused(case, ask(case, **{header: "prefetch"}), FORBIDDEN[case.name])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["nope/", "nope", "", "nope/nope/", "%00/"])
@pytest.mark.parametrize("name", CONTRACTS)
def test_an_unknown_path_is_a_404(client: Any, db: None, name: str, path: str, method: str):
    shaped(name, client.generic(method, MOUNTS[name] + path), 404)


# The token


def foreign(user: Any) -> str:
    return "207b9f098a3a77e7be0c383bb932fccd47dc291c"


def mistyped(user: Any) -> str:
    return sessions.start(user).secret + "x"


def never_issued(user: Any) -> str:
    return token_format.generate("dsa")


def logged_out(user: Any) -> str:
    issued = sessions.start(user)
    sessions.end(issued.row)
    return issued.secret


def expired(user: Any) -> str:
    issued = sessions.start(user)
    issued.row.expires_at = system_clock.now()
    issued.row.save()
    return issued.secret


def of_a_disabled_account(user: Any) -> str:
    # Not bob: a disabled user gets nothing that a path could name.
    disabled = get_user_model().objects.create_user("disabled")
    secret = sessions.start(disabled).secret
    get_user_model().objects.filter(pk=disabled.pk).update(is_active=False)
    return secret


def of_a_deleted_account(user: Any) -> str:
    doomed = get_user_model().objects.create_user("doomed")
    secret = sessions.start(doomed).secret
    doomed.delete()
    return secret


DEAD = {
    make.__name__: make
    for make in [foreign, mistyped, never_issued, logged_out, expired, of_a_disabled_account, of_a_deleted_account]
}


@each(takes_a_token)
def test_a_missing_token_is_refused(ask: Any, case: Case):
    refused(case, ask(case, token=None), NO_TOKEN[case.name])


@each(takes_a_token, kind=lambda case: DEAD)
def test_a_dead_token_is_refused(ask: Any, user: Any, case: Case, kind: str):
    refused(case, ask(case, token=DEAD[kind](user)), DEAD_TOKEN[case.name])


@each(lambda case: DenyAPIKey in case.endpoint.permission_classes)
def test_an_api_key_is_refused_where_a_login_is_needed(ask: Any, user: Any, case: Case):
    refused(case, ask(case, token=keys.create(user).secret), FORBIDDEN[case.name])


@each(lambda case: not takes_a_token(case), kind=lambda case: DEAD)
def test_a_token_that_is_not_read_is_not_refused(ask: Any, user: Any, case: Case, kind: str):
    token = DEAD[kind](user)
    get_user_model().objects.update(is_active=True)
    assert ask(case, token=token).status_code < 300


# What the request is about


@each(registers)
def test_taken_names_are_refused(ask: Any, case: Case):
    taken = {field: value for field, value in KNOWN.items() if field in case.body and field != "password"}
    refused(case, ask(case, body={**case.body, **taken}), 400)


def closing(case: Case) -> list[str]:
    """The policies under which the endpoint is closed."""
    ways_in = {"invite": case.endpoint.takes("invitation"), "verify_first": case.endpoint.accepted is not None}
    return ["closed", *(policy for policy, is_there in ways_in.items() if not is_there)]


@each(registers, policy=closing)
def test_a_closed_registration_is_refused(ask: Any, settings: Any, case: Case, policy: str):
    settings.SIMPLE_AUTH = {"REGISTRATION": policy, "THROTTLE_RATES": {}}
    for body in (case.body, b"{"):
        assert "Registration is closed." in str(refused(case, ask(case, body=body), FORBIDDEN[case.name]))
    assert get_user_model().objects.count() == 1


@each(lambda case: case.endpoint.takes("invitation"), kind=lambda case: ["mistyped", "none"])
def test_an_invalid_invitation_is_refused(ask: Any, settings: Any, case: Case, kind: str):
    settings.SIMPLE_AUTH = {"REGISTRATION": "invite", "THROTTLE_RATES": {}}
    body = {name: value for name, value in case.body.items() if name != "invitation" or kind == "mistyped"}
    assert set(refused(case, ask(case, body=body), 400)) == {"invitation"}


@each(lambda case: case.endpoint.view is UpdateAccount)
def test_a_change_to_a_taken_name_is_refused(ask: Any, case: Case):
    get_user_model().objects.create_user("eve")
    assert set(refused(case, ask(case, body={**case.body, "username": "eve"}), 400)) == {"username"}


CHOSEN_PASSWORDS = {"password", "password1", "password2", "new_password"}


@each(lambda case: registers(case) or "new_password" in case.fields)
def test_a_weak_password_is_refused(ask: Any, case: Case):
    weak = {field: "password" for field in case.fields if field in CHOSEN_PASSWORDS}
    refused(case, ask(case, body={**case.body, **weak}), 400)


# More than the user model's 254 characters, and fewer than the 320 of Django's validator.
LONG_ADDRESS = f"{'a' * 290}@example.com"


@each(lambda case: "email" in case.fields and names_anew(case))
def test_an_email_that_is_too_long_to_store_is_refused(ask: Any, case: Case):
    assert "email" in str(refused(case, ask(case, body={**case.body, "email": LONG_ADDRESS}), 400))


ASKING = (RequestPasswordReset, ResendVerification)


@each(lambda case: issubclass(case.endpoint.view, ASKING), email=lambda case: ["nobody@example.com", LONG_ADDRESS])
def test_an_unknown_email_is_answered_like_any_other(ask: Any, case: Case, email: str):
    assert ask(case, body={"email": email}).status_code == ask(case).status_code == 204


@each(refuses(WrongCurrentPassword))
def test_a_wrong_current_password_is_refused(ask: Any, case: Case):
    body = refused(case, ask(case, body={**case.body, "current_password": "wrong"}), 400)
    assert set(body) == {"current_password"}


def protect(user: Any) -> None:
    raise ProtectedError("Somebody depends on it.", set())


@each(refuses(AccountInUse))
def test_an_account_that_others_depend_on_is_not_deleted(ask: Any, settings: Any, case: Case):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": f"{__name__}.protect"}
    refused(case, ask(case), 400)


def mistyped_link(case: Case) -> str:
    return links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known()) + "x"


def never_mailed(case: Case) -> str:
    return token_format.generate(links.PREFIXES[FRONTEND_URLS[case.endpoint.view]])


def token_of_a_login(case: Case) -> str:
    return sessions.start(known()).secret


def meant_for_something_else(case: Case) -> str:
    other = {ConfirmPasswordReset: OneTimeToken.Purpose.VERIFY, VerifyEmail: OneTimeToken.Purpose.RESET}
    return links.issue(other[case.endpoint.view], "bob@example.com", known())


def of_an_older_address(case: Case) -> str:
    return links.issue(FRONTEND_URLS[case.endpoint.view], "bobby@example.com", known())


def replaced(case: Case) -> str:
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    return secret


def too_old(case: Case) -> str:
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    OneTimeToken.objects.update(expires_at=system_clock.now() - timedelta(seconds=1))
    return secret


def of_nobody(case: Case) -> str:
    return links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com")


def of_somebody_disabled(case: Case) -> str:
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    get_user_model().objects.update(is_active=False)
    return secret


def of_somebody_deleted(case: Case) -> str:
    doomed = get_user_model().objects.create_user("doomed", "doomed@example.com")
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "doomed@example.com", doomed)
    doomed.delete()
    return secret


DEAD_LINKS = {
    make.__name__: make
    for make in [
        mistyped_link,
        never_mailed,
        token_of_a_login,
        meant_for_something_else,
        of_an_older_address,
        replaced,
        too_old,
        of_nobody,
        of_somebody_disabled,
        of_somebody_deleted,
    ]
}


@each(refuses(LinkInvalid), kind=lambda case: DEAD_LINKS)
def test_a_dead_link_is_refused(ask: Any, case: Case, kind: str):
    body = {**case.body, "token": DEAD_LINKS[kind](case)}
    assert set(refused(case, ask(case, body=body, token=None), 400)) == {"token"}


@each(refuses(LinkInvalid))
def test_a_used_link_is_refused(ask: Any, case: Case):
    body = case.body
    assert ask(case, body=body).status_code < 300
    assert set(refused(case, ask(case, body=body), 400)) == {"token"}


@each(lambda case: issubclass(case.endpoint.view, VerifyEmail) and EmailTaken in case.endpoint.view.raises)
def test_an_email_that_another_user_verified_is_refused(ask: Any, case: Case):
    emails.mark_verified(get_user_model().objects.create_user("eve", "eve@example.com"))
    secret = links.issue(OneTimeToken.Purpose.CHANGE, "eve@example.com", known())
    assert set(refused(case, ask(case, body={"token": secret}), 400)) == {"email"}


@each(logs_in)
def test_a_wrong_password_is_refused(ask: Any, case: Case):
    refused(case, ask(case, body={**case.body, "password": "wrong"}), WRONG_PASSWORD[case.name])


@each(logs_in)
def test_an_unknown_user_is_refused(ask: Any, case: Case):
    nobody = {"username": "nobody", "email": "nobody@example.com", "password": PASSWORD}
    refused(case, ask(case, body={field: nobody[field] for field in case.required}), 400)


@each(logs_in)
def test_a_disabled_account_is_refused(ask: Any, case: Case):
    get_user_model().objects.update(is_active=False)
    refused(case, ask(case, token=None), 400)


@each(lambda case: issubclass(case.endpoint.view, LogOutById), user_id=lambda case: ["0", "bob", "9" * 30, "%00"])
def test_an_id_of_no_user_is_refused(ask: Any, case: Case, user_id: str):
    path = MOUNTS[case.name] + case.endpoint.path.replace("<str:user_id>", user_id)
    refused(case, ask(case, path=path), 400)


def unused(make: Callable[[Any], Any]) -> str:
    return "0"


def beyond_every_column(make: Callable[[Any], Any]) -> str:
    return "9" * 30


def another_users(make: Callable[[Any], Any]) -> str:
    return str(make(get_user_model().objects.create_user("eve")))


def no_number(make: Callable[[Any], Any]) -> str:
    return "bob"


def negative(make: Callable[[Any], Any]) -> str:
    return "-1"


def nul(make: Callable[[Any], Any]) -> str:
    return "%00"


NOT_MINE = {make.__name__: make for make in [unused, beyond_every_column, another_users, no_number, negative, nul]}
MINE = {EndSession: "<int:session_id>", DeleteKey: "<int:key_id>"}


@each(refuses(ResourceNotFound), kind=lambda case: NOT_MINE)
def test_an_id_of_something_not_mine_is_a_404(ask: Any, case: Case, kind: str):
    part = MINE[case.endpoint.view]
    path = MOUNTS[case.name] + case.endpoint.path.replace(part, NOT_MINE[kind](CAPTURED[part]))
    assert NOT_THERE[case.name] in case.endpoint.refusal_statuses(CONTRACTS[case.name].refusals)
    refused(case, ask(case, path=path), NOT_THERE[case.name])


@each(refuses(ResourceNotFound))
def test_an_id_of_another_kind_of_mine_is_a_404(ask: Any, user: Any, case: Case):
    mine = MINE[case.endpoint.view]
    (other,) = {*MINE.values()} - {mine}
    path = MOUNTS[case.name] + case.endpoint.path.replace(mine, str(CAPTURED[other](user)))
    refused(case, ask(case, path=path), NOT_THERE[case.name])


@each(refuses(ResourceNotFound))
def test_an_id_of_what_has_ended_is_a_404(ask: Any, case: Case):
    path = case.path
    assert ask(case, path=path).status_code < 300
    refused(case, ask(case, path=path), NOT_THERE[case.name])


# How often, and what breaks


@each(lambda case: case.endpoint.throttle)
def test_more_requests_than_a_network_may_send_are_429(ask: Any, settings: Any, case: Case):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {case.endpoint.throttle: "1/day"}}
    assert ask(case).status_code < 300
    refused(case, ask(case), 429)


ACCOUNT_SCOPES: dict[type[Exception], str] = {
    InvalidCredentials: "login_account",
    WrongCurrentPassword: "current_password",
}


@each(lambda case: TooManyAttempts in case.endpoint.view.raises)
def test_more_requests_than_an_account_may_get_are_429(ask: Any, settings: Any, case: Case):
    (scope,) = {ACCOUNT_SCOPES[cause] for cause in case.endpoint.view.raises if cause in ACCOUNT_SCOPES}
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {scope: "1/day"}}
    (field,) = {"password", "current_password"} & set(case.fields)
    assert 400 <= ask(case, body={**case.body, field: "wrong"}).status_code < 429
    refused(case, ask(case), 429)


def raising(error: Exception) -> Callable[..., Any]:
    def perform(*args: Any, **values: Any) -> Any:
        raise error

    return perform


@each(refuses(TokenInvalid))
def test_a_token_revoked_meanwhile_is_refused(ask: Any, monkeypatch: Any, case: Case):
    monkeypatch.setattr(case.endpoint.view, "perform", raising(TokenInvalid()))
    refused(case, ask(case), DEAD_TOKEN[case.name])


@each(always)
def test_a_database_that_is_down_is_503(ask: Any, monkeypatch: Any, case: Case):
    monkeypatch.setattr(case.endpoint.view, "perform", raising(OperationalError("the reason")))
    body = refused(case, ask(case, client=DjangoClient(raise_request_exception=False)), 503)
    assert "the reason" not in str(body)


@each(always)
def test_a_crash_is_500(ask: Any, monkeypatch: Any, case: Case):
    monkeypatch.setattr(case.endpoint.view, "perform", raising(RuntimeError("the reason")))
    body = shaped(case.name, ask(case, client=DjangoClient(raise_request_exception=False)), 500)
    assert "the reason" not in str(body)
