"""Registration while SIMPLE_AUTH["REGISTRATION"] is "verify_first": known addresses are not disclosed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model, hashers
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts
from django_simple_auth.accounts import registration
from django_simple_auth.accounts.fields import AccountFields
from django_simple_auth.exceptions import (
    RegistrationClosed,
    UsernameTaken,
    ValidationErrors,
)
from django_simple_auth.mail import delivery
from django_simple_auth.models import Identifier, OneTimeToken
from tests.support.client import PASSWORD
from tests.support.messages import secret_in
from tests.support.registration import NEW, error_types, register

User = get_user_model()


API = "/api/auth"


@pytest.mark.usefixtures("_verify_first")
def test_a_known_and_an_unknown_email_get_one_answer(client: Any, user: Any):
    known = register(client, email="BOB@example.com")
    unknown = register(client)
    assert known.status_code == unknown.status_code == 202
    assert known.content == unknown.content
    assert known.headers == unknown.headers
    assert known.json() == {"detail": "We have sent you an e-mail with the next steps."}


@pytest.mark.django_db(transaction=True)
def test_a_known_and_an_unknown_email_cost_the_same(client: Any, settings: Any, monkeypatch: Any):
    User.objects.create_user("bob", "bob@example.com", PASSWORD)
    settings.SIMPLE_AUTH = {"REGISTRATION": "verify_first", "THROTTLE_RATES": {}}
    handed: list[Any] = []
    hashed: list[Any] = []
    real = hashers.MD5PasswordHasher.encode
    monkeypatch.setattr(delivery, "_hand_over", lambda *message: handed.append(message[0]))
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
def test_the_owner_of_a_known_email_is_notified(client: Any, user: Any, mailbox: Any):
    rows = Identifier.objects.count()
    register(client, email="BOB@example.com")
    (message,) = mailbox
    assert message.to == ["bob@example.com"]
    assert message.subject == "[www.example.com] You already have an account"
    assert "Hello bob@example.com," in message.body
    assert "https://" not in message.body
    assert list(User.objects.all()) == [user]
    assert Identifier.objects.count() == rows
    assert not OneTimeToken.objects.exists()


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("verification", ["off", "optional", "required"])
def test_an_unknown_email_must_be_verified_to_log_in(client: Any, mailbox: Any, settings: Any, verification: str):
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": verification}
    register(client)
    assert client.post(f"{API}/login/", NEW).status_code == 400
    assert client.post(f"{API}/email/verify/", {"token": secret_in(mailbox[0])}).status_code == 204
    assert client.post(f"{API}/login/", NEW).status_code == 200


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("email", ["bob@example.com", "ann@example.com"])
def test_taken_usernames_and_weak_passwords_are_shown(client: Any, user: Any, mailbox: Any, email: str):
    response = register(client, username="BOB", email=email, password="123456789")
    assert response.status_code == 400
    assert set(response.json()) == {"username", "password"}
    # Nor does a malformed body disclose whether the address is known.
    shapeless = client.post(f"{API}/register/", {"username": "bob", "email": email, "password": 7})
    assert set(shapeless.json()) == {"username", "password"}
    assert not mailbox


@pytest.mark.usefixtures("_verify_first")
def test_a_disabled_account_is_not_notified(client: Any, user: Any, mailbox: Any):
    User.objects.update(is_active=False)
    assert register(client, email="bob@example.com").status_code == 202
    assert not mailbox


@pytest.fixture
def register_meanwhile(monkeypatch: Any) -> Any:
    """Create another user between the check of the names and the INSERT."""

    def register_meanwhile(*rival: str) -> None:
        real = AccountFields.check

        def check_then_race(details: AccountFields) -> Any:
            found = real(details)
            monkeypatch.setattr(AccountFields, "check", real)
            User.objects.create_user(*rival)
            return found

        monkeypatch.setattr(AccountFields, "check", check_then_race)

    return register_meanwhile


@pytest.mark.usefixtures("_verify_first")
def test_an_email_taken_after_the_check_is_not_disclosed(register_meanwhile: Any, mailbox: Any):
    register_meanwhile("rival", "ann@example.com")
    accounts.register_neutrally(**NEW)
    assert User.objects.get().username == "rival"
    assert [message.subject for message in mailbox] == ["[www.example.com] You already have an account"]


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("name", ["ann", "ANN"], ids=["seen by the model's index", "seen by ours"])
def test_a_username_taken_after_the_check_is_disclosed(register_meanwhile: Any, mailbox: Any, name: str):
    register_meanwhile(name, "ann@example.com")
    with pytest.raises(ValidationErrors) as refused:
        accounts.register_neutrally(**NEW)
    assert error_types(refused) == {UsernameTaken}
    assert not mailbox


@pytest.mark.usefixtures("_verify_first")
@pytest.mark.parametrize("known", [True, False])
def test_a_unique_index_of_the_model_discloses_no_email(user: Any, mailbox: Any, monkeypatch: Any, known: bool):
    def refuse(*arguments: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(registration, "_create", refuse)
    if known:
        accounts.register_neutrally(**{**NEW, "email": "bob@example.com"})
        assert [message.to for message in mailbox] == [["bob@example.com"]]
    else:
        with pytest.raises(IntegrityError):
            accounts.register_neutrally(**NEW)
        assert not mailbox


@pytest.mark.parametrize("policy", ["open", "closed", "invite"])
def test_register_neutrally_needs_verify_first(db: None, settings: Any, policy: str):
    settings.SIMPLE_AUTH = {"REGISTRATION": policy}
    with pytest.raises(RegistrationClosed):
        accounts.register_neutrally(**NEW)


@pytest.mark.usefixtures("_verify_first")
def test_register_is_closed_with_verify_first():
    with pytest.raises(RegistrationClosed):
        accounts.register(**NEW)
