"""Too many requests."""

from __future__ import annotations

from typing import Any

from django_simple_auth.exceptions import InvalidCredentials, TooManyAttempts, WrongCurrentPassword
from tests.contracts.refusals.cases import Case, each, refused


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
