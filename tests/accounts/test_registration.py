"""SIMPLE_AUTH["REGISTRATION"]: who may register, and who is told what."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model, hashers
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts, signals
from django_simple_auth.accounts import emails, registration
from django_simple_auth.accounts.fields import AccountFields
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import (
    EmailTaken,
    InvalidValue,
    InvitationInvalid,
    LinkInvalid,
    RegistrationClosed,
    SimpleAuthError,
    UsernameTaken,
    ValidationErrors,
)
from django_simple_auth.identity import identifiers, user_model
from django_simple_auth.mail import delivery
from django_simple_auth.models import Identifier, OneTimeToken
from django_simple_auth.tokens import links
from tests.support.client import PASSWORD
from tests.support.messages import secret_in

User = get_user_model()
API = "/api/auth"
NEW = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}
INVALID = {"invitation": ["This link is invalid or has expired."]}


@pytest.fixture
def _closed(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"REGISTRATION": "closed"}


@pytest.fixture
def _invite(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"REGISTRATION": "invite"}


@pytest.fixture
def _verify_first(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"REGISTRATION": "verify_first"}


def register(client: Any, **changed: Any) -> Any:
    return client.post(f"{API}/register/", {**NEW, **changed})


def causes(refused: Any) -> set[type[SimpleAuthError]]:
    return {type(fault) for fault in refused.value.errors}


# Closed


@pytest.mark.usefixtures("_closed")
@pytest.mark.parametrize("body", [NEW, {}, "{"])
def test_closed_refuses_before_anything_else_is_done(client: Any, body: Any):
    with CaptureQueriesContext(connection) as queries:
        response = client.post(f"{API}/register/", body)
    assert response.status_code == 403
    assert response.json() == {"detail": "Registration is closed.", "code": "registration_closed"}
    assert len(queries) == 0


@pytest.mark.usefixtures("_closed")
def test_closed_is_closed_to_the_services_too():
    for service in (accounts.register, accounts.register_neutrally):
        with pytest.raises(RegistrationClosed):
            service(**NEW)


# By invitation


@pytest.fixture
def invitation(_invite: None, mailbox: Any) -> str:
    accounts.invite("Ann@example.com")
    return secret_in(mailbox.pop())


@pytest.mark.usefixtures("_invite")
def test_an_invitation_is_a_letter_to_somebody_without_an_account(mailbox: Any):
    accounts.invite("Ann@EXAMPLE.com")
    (letter,) = mailbox
    assert letter.to == ["Ann@example.com"]
    assert letter.subject == "[www.example.com] You are invited"
    link = f"https://www.example.com/register#token={secret_in(letter)}"
    assert f"\n{link}\n" in letter.body
    assert f'href="{link}"' in letter.alternatives[0][0]


def test_an_invitation_makes_one_account_whose_address_is_proved(client: Any, invitation: str, mailbox: Any):
    assert register(client, invitation=invitation).status_code == 201
    assert identifiers.is_verified(User.objects.get())
    again = register(client, username="eve", invitation=invitation)
    assert (again.status_code, again.json()) == (400, INVALID)
    assert User.objects.count() == 1


@pytest.mark.parametrize("policy", ["optional", "required"])
def test_who_was_invited_need_not_prove_the_address_again(
    client: Any, invitation: str, mailbox: Any, settings: Any, policy: str
):
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": policy}
    register(client, invitation=invitation)
    assert not mailbox
    assert client.post(f"{API}/login/", NEW).status_code == 200


@pytest.mark.parametrize("email", ["ANN@example.com", "ann@EXAMPLE.COM"])
def test_the_address_may_be_written_in_any_spelling(invitation: str, email: str):
    user = accounts.register(**{**NEW, "email": email}, invitation=invitation)
    assert identifiers.is_verified(user)


@pytest.mark.parametrize(
    "case", ["mistyped", "missing", "replaced", "expired", "of another kind", "of another address"]
)
def test_who_has_no_good_invitation_is_told_nothing_else(client: Any, user: Any, invitation: str, case: str):
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
    # Nor when the body's shape is wrong as well.
    shapeless = client.post(f"{API}/register/", {**NEW, **sent, "password": 7})
    assert set(shapeless.json()) == {"invitation", "password"}


def test_who_has_one_is_told_what_else_is_wrong_and_keeps_it(client: Any, user: Any, invitation: str):
    response = register(client, username="bob", password="123456789", invitation=invitation)
    assert response.status_code == 400
    assert set(response.json()) == {"username", "password"}
    shapeless = client.post(f"{API}/register/", {"username": "bob", "email": "x", "invitation": invitation})
    assert set(shapeless.json()) == {"username", "email", "password"}
    assert register(client, invitation=invitation).status_code == 201


def test_an_account_that_is_not_made_uses_nothing_up(client: Any, invitation: str, monkeypatch: Any):
    monkeypatch.setattr(identifiers, "unclaimed", lambda user: ["username"])
    assert register(client, invitation=invitation).json() == {"username": ["A user with that username already exists."]}
    monkeypatch.undo()
    assert OneTimeToken.objects.count() == 1


def test_whoever_redeems_it_in_between_is_the_one(client: Any, invitation: str, monkeypatch: Any):
    def late(row: Any) -> None:
        raise LinkInvalid

    monkeypatch.setattr(links, "redeem", late)
    response = register(client, invitation=invitation)
    assert (response.status_code, response.json()) == (400, INVALID)
    assert not User.objects.exists()


def test_where_registration_is_open_an_invitation_changes_nothing(client: Any, invitation: str, settings: Any):
    settings.SIMPLE_AUTH |= {"REGISTRATION": "open"}
    assert register(client, invitation="whatever").status_code == 201
    assert not identifiers.is_verified(User.objects.get())


@pytest.mark.usefixtures("_invite")
@pytest.mark.parametrize(
    ("email", "cause"), [("BOB@example.com", EmailTaken), ("bob", InvalidValue), ("", InvalidValue)]
)
def test_nobody_is_invited_in_vain(user: Any, mailbox: Any, email: str, cause: Any):
    with pytest.raises(ValidationErrors) as refused:
        accounts.invite(email)
    assert causes(refused) == {cause}
    assert not mailbox


@pytest.mark.usefixtures("_invite")
def test_an_invitation_is_an_event_without_the_address(caplog: Any):
    caplog.set_level("INFO", "django_simple_auth.security")
    accounts.invite("ann@example.com")
    assert [record.event for record in caplog.records] == [signals.invited.name]
    assert "ann" not in caplog.text


@pytest.mark.usefixtures("_invite")
def test_an_invited_mailbox_is_not_for_strangers_to_fill_either(mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"THROTTLE_RATES": {"mail": "1/hour"}}
    for _ in range(2):
        accounts.invite("ann@example.com")
    assert len(mailbox) == 1


@pytest.mark.usefixtures("_invite")
@pytest.mark.parametrize(("verbosity", "said"), [(1, "ann@example.com: invited.\n"), (0, "")])
def test_the_command_invites_whom_it_can_and_names_the_others(user: Any, mailbox: Any, verbosity: int, said: str):
    out = StringIO()
    with pytest.raises(CommandError, match=r"^bob@example\.com: A user with that email already exists\.$"):
        call_command("invite", "bob@example.com", "ann@example.com", stdout=out, verbosity=verbosity)
    assert out.getvalue() == said
    call_command("invite", "eve@example.com", stdout=out)
    assert [letter.to for letter in mailbox] == [["ann@example.com"], ["eve@example.com"]]


# Verify first


@pytest.mark.usefixtures("_verify_first")
def test_a_known_and_an_unknown_address_get_one_answer(client: Any, user: Any):
    known = register(client, email="BOB@example.com")
    unknown = register(client)
    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content
    assert known.headers == unknown.headers
    assert known.json() == {"detail": "We have sent you an e-mail with the next steps."}


@pytest.mark.django_db(transaction=True)
def test_a_known_and_an_unknown_address_take_one_effort(client: Any, settings: Any, monkeypatch: Any):
    User.objects.create_user("bob", "bob@example.com", PASSWORD)
    settings.SIMPLE_AUTH = {"REGISTRATION": "verify_first", "THROTTLE_RATES": {}}
    handed: list[Any] = []
    hashed: list[Any] = []
    real = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(delivery, "_hand_over", lambda *letter: handed.append(letter[0]))
    monkeypatch.setattr(
        hashers.MD5PasswordHasher, "encode", lambda self, *values: hashed.append(1) or real(self, *values)
    )
    efforts = []
    for email in ["bob@example.com", "ann@example.com"]:
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            assert register(client, email=email).status_code == 202
        efforts.append((len(queries), len(hashed)))
    assert efforts[0] == efforts[1]
    assert efforts[0][1] == 1
    assert handed == ["already_registered", "verify"]


@pytest.mark.usefixtures("_verify_first")
def test_the_owner_of_a_known_address_gets_a_letter_and_nothing_is_made(client: Any, user: Any, mailbox: Any):
    rows = Identifier.objects.count()
    register(client, email="BOB@example.com")
    (letter,) = mailbox
    assert letter.to == ["bob@example.com"]
    assert letter.subject == "[www.example.com] You already have an account"
    assert "Hello bob@example.com," in letter.body
    assert "https://" not in letter.body
    assert list(User.objects.all()) == [user]
    assert Identifier.objects.count() == rows
    assert not OneTimeToken.objects.exists()


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("verification", ["off", "optional", "required"])
def test_an_unknown_address_gets_an_account_and_no_token_before_the_proof(
    client: Any, mailbox: Any, settings: Any, verification: str
):
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": verification}
    register(client)
    assert client.post(f"{API}/login/", NEW).status_code == 400
    assert client.post(f"{API}/email/verify/", {"token": secret_in(mailbox[0])}).status_code == 204
    assert client.post(f"{API}/login/", NEW).status_code == 200


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("email", ["bob@example.com", "ann@example.com"])
def test_taken_user_names_and_weak_passwords_are_told_all_the_same(client: Any, user: Any, mailbox: Any, email: str):
    response = register(client, username="BOB", email=email, password="123456789")
    assert response.status_code == 400
    assert set(response.json()) == {"username", "password"}
    # Nor does a body of the wrong shape tell whose the address is.
    shapeless = client.post(f"{API}/register/", {"username": "bob", "email": email, "password": 7})
    assert set(shapeless.json()) == {"username", "password"}
    assert not mailbox


@pytest.mark.usefixtures("_verify_first")
def test_the_owner_of_a_disabled_account_is_left_alone(client: Any, user: Any, mailbox: Any):
    User.objects.update(is_active=False)
    assert register(client, email="bob@example.com").status_code == 202
    assert not mailbox


@pytest.fixture
def late(monkeypatch: Any) -> Any:
    """Somebody registers between the look at the names and the write."""

    def be_late(*rival: str) -> None:
        real = AccountFields.check

        def look(details: AccountFields) -> Any:
            found = real(details)
            monkeypatch.setattr(AccountFields, "check", real)
            User.objects.create_user(*rival)
            return found

        monkeypatch.setattr(AccountFields, "check", look)

    return be_late


@pytest.mark.usefixtures("_verify_first")
def test_a_rival_who_takes_the_address_in_between_is_not_told_of(late: Any, mailbox: Any):
    late("rival", "ann@example.com")
    accounts.register_neutrally(**NEW)
    assert User.objects.get().username == "rival"
    assert [letter.subject for letter in mailbox] == ["[www.example.com] You already have an account"]


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("name", ["ann", "ANN"], ids=["seen by the model's index", "seen by ours"])
def test_a_rival_who_takes_the_name_in_between_is_told_of(late: Any, mailbox: Any, name: str):
    late(name, "ann@example.com")
    with pytest.raises(ValidationErrors) as refused:
        accounts.register_neutrally(**NEW)
    assert causes(refused) == {UsernameTaken}
    assert not mailbox


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("known", [True, False])
def test_an_index_of_the_user_models_own_does_not_tell_either(user: Any, mailbox: Any, monkeypatch: Any, known: bool):
    def refuse(*arguments: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(registration, "_make", refuse)
    if known:
        accounts.register_neutrally(**{**NEW, "email": "bob@example.com"})
        assert [letter.to for letter in mailbox] == [["bob@example.com"]]
    else:
        with pytest.raises(IntegrityError):
            accounts.register_neutrally(**NEW)
        assert not mailbox


@pytest.mark.parametrize("policy", ["open", "closed", "invite"])
def test_nobody_registers_unseen_under_another_policy(db: None, settings: Any, policy: str):
    settings.SIMPLE_AUTH = {"REGISTRATION": policy}
    with pytest.raises(RegistrationClosed):
        accounts.register_neutrally(**NEW)


@pytest.mark.usefixtures("_verify_first")
def test_nobody_registers_openly_where_that_would_tell():
    with pytest.raises(RegistrationClosed):
        accounts.register(**NEW)


@pytest.mark.usefixtures("_invite")
def test_a_registration_without_an_address_is_not_what_anybody_was_invited_to(invitation: str):
    with pytest.raises(ValidationErrors) as refused:
        accounts.register(username="ann", password=PASSWORD, invitation=invitation)
    assert causes(refused) == {InvitationInvalid}
    assert accounts.registration_errors(username="ann", invitation=invitation) == []
    assert not user_model.manager().exists()


def test_of_an_invitation_that_is_used_in_between_the_names_are_not_told(invitation: str, monkeypatch: Any):
    real = registration._against

    def be_late(*values: Any) -> Any:
        monkeypatch.setattr(registration, "_against", real)
        accounts.register(**NEW, invitation=invitation)
        return real(*values)

    monkeypatch.setattr(registration, "_against", be_late)
    with pytest.raises(ValidationErrors) as refused:
        accounts.register(**NEW, invitation=invitation)
    assert causes(refused) == {InvitationInvalid}


def change(email: str) -> None:
    emails.request_change(User.objects.get(), email, PASSWORD)


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize("send", [accounts.invite, change])
def test_a_manager_that_can_only_make_users_is_enough(mailbox: Any, settings: Any, monkeypatch: Any, send: Any):
    settings.SIMPLE_AUTH |= {"REGISTRATION": "invite"}
    # Which has nothing at all, and so no normalize_email either.
    monkeypatch.setattr(user_model, "manager", object)
    send("Ann@EXAMPLE.com")
    assert mailbox[0].to == ["Ann@example.com"]


@pytest.mark.usefixtures("_threads", "_invite")
def test_more_people_are_invited_than_letters_can_wait(mailbox: Any, monkeypatch: Any):
    monkeypatch.setattr(delivery, "_in_background", None)
    call_command("invite", "ann@example.com", "eve@example.com", verbosity=0)
    assert [letter.to for letter in mailbox] == [["ann@example.com"], ["eve@example.com"]]
