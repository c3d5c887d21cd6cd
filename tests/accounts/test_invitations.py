"""Registration while SIMPLE_AUTH["REGISTRATION"] is "invite"."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from django_simple_auth import accounts, signals
from django_simple_auth.accounts import registration
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import (
    EmailTaken,
    InvalidValue,
    InvitationInvalid,
    LinkInvalid,
    ValidationErrors,
)
from django_simple_auth.identity import identifiers, user_model
from django_simple_auth.mail import delivery
from django_simple_auth.models import OneTimeToken
from django_simple_auth.tokens import links
from tests.support.client import PASSWORD
from tests.support.messages import secret_in
from tests.support.registration import INVALID, NEW, error_types, register

User = get_user_model()


API = "/api/auth"


@pytest.mark.usefixtures("_invite")
def test_an_invitation_is_an_email_with_a_link(mailbox: Any):
    accounts.invite("Ann@EXAMPLE.com")
    (message,) = mailbox
    assert message.to == ["Ann@example.com"]
    assert message.subject == "[www.example.com] You are invited"
    link = f"https://www.example.com/register#token={secret_in(message)}"
    assert f"\n{link}\n" in message.body
    assert f'href="{link}"' in message.alternatives[0][0]


def test_an_invitation_creates_one_verified_account(client: Any, invitation: str, mailbox: Any):
    assert register(client, invitation=invitation).status_code == 201
    assert identifiers.is_verified(User.objects.get())
    again = register(client, username="eve", invitation=invitation)
    assert (again.status_code, again.json()) == (400, INVALID)
    assert User.objects.count() == 1


@pytest.mark.parametrize("policy", ["optional", "required"])
def test_invited_users_need_no_further_verification(
    client: Any, invitation: str, mailbox: Any, settings: Any, policy: str
):
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": policy}
    register(client, invitation=invitation)
    assert not mailbox
    assert client.post(f"{API}/login/", NEW).status_code == 200


@pytest.mark.parametrize("email", ["ANN@example.com", "ann@EXAMPLE.COM"])
def test_an_invitation_accepts_the_address_in_any_case(invitation: str, email: str):
    user = accounts.register(**{**NEW, "email": email}, invitation=invitation)
    assert identifiers.is_verified(user)


@pytest.mark.parametrize(
    "case", ["mistyped", "missing", "replaced", "expired", "of another kind", "of another address"]
)
def test_without_a_valid_invitation_no_other_error_is_shown(client: Any, user: Any, invitation: str, case: str):
    sent: dict[str, Any] = {"invitation": invitation, "username": "bob", "password": "123"}
    if case == "mistyped":
        sent["invitation"] += "x"
    elif case == "missing":
        del sent["invitation"]
    elif case == "replaced":
        accounts.invite("ANN@example.com")
    elif case == "expired":
        OneTimeToken.objects.update(expires_at=system_clock.now() - timedelta(seconds=1))
    elif case == "of another kind":
        sent["invitation"] = links.issue(OneTimeToken.Purpose.VERIFY, "ann@example.com")
    else:
        sent["email"] = "bob@example.com"
    response = register(client, **sent)
    assert (response.status_code, response.json()) == (400, INVALID)
    # Nor for a malformed body.
    shapeless = client.post(f"{API}/register/", {**NEW, **sent, "password": 7})
    assert set(shapeless.json()) == {"invitation", "password"}


def test_other_errors_do_not_use_up_the_invitation(client: Any, user: Any, invitation: str):
    response = register(client, username="bob", password="123456789", invitation=invitation)
    assert response.status_code == 400
    assert set(response.json()) == {"username", "password"}
    shapeless = client.post(f"{API}/register/", {"username": "bob", "email": "x", "invitation": invitation})
    assert set(shapeless.json()) == {"username", "email", "password"}
    assert register(client, invitation=invitation).status_code == 201


def test_a_failed_registration_keeps_the_invitation(client: Any, invitation: str, monkeypatch: Any):
    monkeypatch.setattr(identifiers, "unclaimed", lambda user: ["username"])
    assert register(client, invitation=invitation).json() == {"username": ["A user with that username already exists."]}
    monkeypatch.undo()
    assert OneTimeToken.objects.count() == 1


def test_an_invitation_redeemed_meanwhile_is_invalid(client: Any, invitation: str, monkeypatch: Any):
    def raise_invalid(row: Any) -> None:
        raise LinkInvalid

    monkeypatch.setattr(links, "redeem", raise_invalid)
    response = register(client, invitation=invitation)
    assert (response.status_code, response.json()) == (400, INVALID)
    assert not User.objects.exists()


def test_open_registration_ignores_invitations(client: Any, invitation: str, settings: Any):
    settings.SIMPLE_AUTH |= {"REGISTRATION": "open"}
    assert register(client, invitation="whatever").status_code == 201
    assert not identifiers.is_verified(User.objects.get())


@pytest.mark.usefixtures("_invite")
@pytest.mark.parametrize(
    ("email", "cause"), [("BOB@example.com", EmailTaken), ("bob", InvalidValue), ("", InvalidValue)]
)
def test_taken_or_invalid_addresses_are_not_invited(user: Any, mailbox: Any, email: str, cause: Any):
    with pytest.raises(ValidationErrors) as refused:
        accounts.invite(email)
    assert error_types(refused) == {cause}
    assert not mailbox


@pytest.mark.usefixtures("_invite")
def test_an_invitation_is_logged_without_the_address(caplog: Any):
    caplog.set_level("INFO", "django_simple_auth.security")
    accounts.invite("ann@example.com")
    assert [record.event for record in caplog.records] == [signals.invited.name]
    assert "ann" not in caplog.text


@pytest.mark.usefixtures("_invite")
def test_invitations_to_one_address_are_throttled(mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"THROTTLE_RATES": {"mail": "1/hour"}}
    for _ in range(2):
        accounts.invite("ann@example.com")
    assert len(mailbox) == 1


@pytest.mark.usefixtures("_invite")
@pytest.mark.parametrize(("verbosity", "said"), [(1, "ann@example.com: invited.\n"), (0, "")])
def test_the_command_invites_and_reports_refused_addresses(user: Any, mailbox: Any, verbosity: int, said: str):
    out = StringIO()
    with pytest.raises(CommandError, match=r"^bob@example\.com: A user with that email already exists\.$"):
        call_command("invite", "bob@example.com", "ann@example.com", stdout=out, verbosity=verbosity)
    assert out.getvalue() == said
    call_command("invite", "eve@example.com", stdout=out)
    assert [message.to for message in mailbox] == [["ann@example.com"], ["eve@example.com"]]


@pytest.mark.usefixtures("_invite")
def test_an_invitation_needs_the_invited_address(invitation: str):
    with pytest.raises(ValidationErrors) as refused:
        accounts.register(username="ann", password=PASSWORD, invitation=invitation)
    assert error_types(refused) == {InvitationInvalid}
    assert accounts.registration_errors(username="ann", invitation=invitation) == []
    assert not user_model.manager().exists()


def test_an_invitation_used_meanwhile_discloses_no_names(invitation: str, monkeypatch: Any):
    real = registration._errors

    def race(*values: Any) -> Any:
        monkeypatch.setattr(registration, "_errors", real)
        accounts.register(**NEW, invitation=invitation)
        return real(*values)

    monkeypatch.setattr(registration, "_errors", race)
    with pytest.raises(ValidationErrors) as refused:
        accounts.register(**NEW, invitation=invitation)
    assert error_types(refused) == {InvitationInvalid}


@pytest.mark.usefixtures("_threads", "_invite")
def test_the_command_does_not_use_the_mail_threads(mailbox: Any, monkeypatch: Any):
    monkeypatch.setattr(delivery, "_in_background", None)
    call_command("invite", "ann@example.com", "eve@example.com", verbosity=0)
    assert [message.to for message in mailbox] == [["ann@example.com"], ["eve@example.com"]]


@pytest.mark.parametrize(
    ("setting", "fix"),
    [
        ({"REGISTRATION": "open", "PUBLIC_URL": "https://www.example.com"}, "Set it to 'invite'"),
        ({"REGISTRATION": "closed", "PUBLIC_URL": "https://www.example.com"}, "Set it to 'invite'"),
        ({"REGISTRATION": "invite"}, "need SIMPLE_AUTH\\['PUBLIC_URL'\\]"),
    ],
)
def test_the_command_refuses_invitations_without_effect(db: None, settings: Any, setting: dict[str, str], fix: str):
    settings.SIMPLE_AUTH = setting
    with pytest.raises(CommandError, match=fix):
        call_command("invite", "ann@example.com")
