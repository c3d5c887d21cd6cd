"""Missing tokens, invalid tokens, and API keys where a login is needed."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from django_simple_auth import keys, sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import TokenInvalid
from django_simple_auth.permissions import DenyAPIKey
from django_simple_auth.tokens import format as token_format
from tests.contracts.refusals.cases import (
    FORBIDDEN,
    INVALID_TOKEN,
    NO_TOKEN,
    Case,
    each,
    raising,
    refused,
    refuses,
    takes_a_token,
)


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
    eve = get_user_model().objects.create_user("eve")
    secret = sessions.start(eve).secret
    eve.delete()
    return secret


INVALID_TOKENS = {
    make.__name__: make
    for make in [foreign, mistyped, never_issued, logged_out, expired, of_a_disabled_account, of_a_deleted_account]
}


@each(takes_a_token)
def test_a_missing_token_is_refused(ask: Any, case: Case):
    refused(case, ask(case, token=None), NO_TOKEN[case.name])


@each(takes_a_token, kind=lambda case: INVALID_TOKENS)
def test_an_invalid_token_is_refused(ask: Any, user: Any, case: Case, kind: str):
    refused(case, ask(case, token=INVALID_TOKENS[kind](user)), INVALID_TOKEN[case.name])


@each(refuses(TokenInvalid))
def test_a_token_revoked_meanwhile_is_refused(ask: Any, monkeypatch: Any, case: Case):
    monkeypatch.setattr(case.endpoint.view, "perform", raising(TokenInvalid()))
    refused(case, ask(case), INVALID_TOKEN[case.name])


@each(lambda case: DenyAPIKey in case.endpoint.permission_classes)
def test_an_api_key_is_refused_where_a_login_is_needed(ask: Any, user: Any, case: Case):
    refused(case, ask(case, token=keys.create(user).secret), FORBIDDEN[case.name])


@each(lambda case: not takes_a_token(case), kind=lambda case: INVALID_TOKENS)
def test_a_token_that_is_not_read_is_not_refused(ask: Any, user: Any, case: Case, kind: str):
    token = INVALID_TOKENS[kind](user)
    get_user_model().objects.update(is_active=True)
    assert ask(case, token=token).status_code < 300
