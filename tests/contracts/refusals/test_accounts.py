"""Values that an account cannot have, and requests that the account does not allow."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import ProtectedError

from django_simple_auth.exceptions import AccountInUse, WrongCurrentPassword
from django_simple_auth.views import RequestPasswordReset, ResendVerification, UpdateAccount
from tests.contracts.refusals.cases import (
    FORBIDDEN,
    KNOWN,
    WRONG_PASSWORD,
    Case,
    each,
    logs_in,
    refused,
    refuses,
    registers,
    sets_names,
)
from tests.support.client import PASSWORD

# Registration


def closed_policies(case: Case) -> list[str]:
    """The values of REGISTRATION that close the endpoint."""
    ways_in = {"invite": case.endpoint.takes("invitation"), "verify_first": case.endpoint.accepted is not None}
    return ["closed", *(policy for policy, is_there in ways_in.items() if not is_there)]


@each(registers, policy=closed_policies)
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


# Names, e-mail addresses and passwords


@each(registers)
def test_taken_names_are_refused(ask: Any, case: Case):
    taken = {field: value for field, value in KNOWN.items() if field in case.body and field != "password"}
    refused(case, ask(case, body={**case.body, **taken}), 400)


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


@each(lambda case: "email" in case.fields and sets_names(case))
def test_an_email_that_is_too_long_to_store_is_refused(ask: Any, case: Case):
    assert "email" in str(refused(case, ask(case, body={**case.body, "email": LONG_ADDRESS}), 400))


ASKING = (RequestPasswordReset, ResendVerification)


@each(lambda case: issubclass(case.endpoint.view, ASKING), email=lambda case: ["unknown@example.com", LONG_ADDRESS])
def test_an_unknown_email_is_answered_like_any_other(ask: Any, case: Case, email: str):
    assert ask(case, body={"email": email}).status_code == ask(case).status_code == 204


# Login


@each(logs_in)
def test_a_wrong_password_is_refused(ask: Any, case: Case):
    refused(case, ask(case, body={**case.body, "password": "wrong"}), WRONG_PASSWORD[case.name])


@each(logs_in)
def test_an_unknown_user_is_refused(ask: Any, case: Case):
    unknown = {"username": "unknown", "email": "unknown@example.com", "password": PASSWORD}
    refused(case, ask(case, body={field: unknown[field] for field in case.required}), 400)


@each(logs_in)
def test_a_disabled_account_is_refused(ask: Any, case: Case):
    get_user_model().objects.update(is_active=False)
    refused(case, ask(case, token=None), 400)


# The account itself


@each(refuses(WrongCurrentPassword))
def test_a_wrong_current_password_is_refused(ask: Any, case: Case):
    body = refused(case, ask(case, body={**case.body, "current_password": "wrong"}), 400)
    assert set(body) == {"current_password"}


def protect(user: Any) -> None:
    raise ProtectedError("Something refers to it.", set())


@each(refuses(AccountInUse))
def test_an_account_that_others_depend_on_is_not_deleted(ask: Any, settings: Any, case: Case):
    settings.SIMPLE_AUTH = {"DELETE_ACCOUNT": f"{__name__}.protect"}
    refused(case, ask(case), 400)
