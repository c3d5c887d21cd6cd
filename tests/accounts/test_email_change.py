"""Change the e-mail address of an account."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError

from django_simple_auth.accounts import emails, passwords
from django_simple_auth.exceptions import EmailTaken, InvalidValue, LinkInvalid
from django_simple_auth.identity import identifiers, user_model
from django_simple_auth.mail import delivery
from django_simple_auth.models import AuthToken, Identifier
from django_simple_auth.tokens import issuing
from tests.support.accounts import log_in
from tests.support.client import PASSWORD
from tests.support.emails import change_to, open_link
from tests.support.messages import secret_in

User = get_user_model()


def test_a_new_email_is_stored_after_verification(client: Any, user: Any, mailbox: Any):
    log_in(client, user)
    assert change_to(client, "new@EXAMPLE.com").status_code == 204
    assert User.objects.get().email == "bob@example.com"
    (message,) = mailbox
    assert message.to == ["new@example.com"]
    assert open_link(client, message).status_code == 204
    changed = User.objects.get()
    assert changed.email == "new@example.com"
    assert identifiers.is_verified(changed)
    assert identifiers.holder("email", "bob@example.com") is None


def test_an_email_change_ends_all_logins_and_keys(client: Any, user: Any, mailbox: Any):
    issuing.issue(user, AuthToken.Purpose.KEY)
    log_in(client, user)
    change_to(client, "new@example.com")
    assert AuthToken.objects.count() == 2
    open_link(client, mailbox[0])
    assert not AuthToken.objects.exists()


def test_an_email_change_needs_the_current_password(client: Any, user: Any, mailbox: Any):
    log_in(client, user)
    response = change_to(client, "new@example.com", "wrong")
    assert response.json() == {"current_password": ["This is not your current password."]}
    assert not mailbox


def test_the_models_validators_check_the_email(user: Any, mailbox: Any):
    with pytest.raises(InvalidValue) as refused:
        emails.request_change(user, f"{'n' * 250}@example.com", PASSWORD)
    assert refused.value.field == "email"


def test_a_model_without_an_email_field_sends_nothing(user: Any, mailbox: Any, monkeypatch: Any):
    monkeypatch.setattr(user_model, "email_field", lambda: None)
    emails.request_change(user, "new@example.com", PASSWORD)
    assert not mailbox


def test_an_email_change_revokes_older_reset_links(client: Any, user: Any, mailbox: Any):
    passwords.request_reset("bob@example.com")
    log_in(client, user)
    change_to(client, "new@example.com")
    open_link(client, mailbox[1])
    with pytest.raises(LinkInvalid):
        passwords.reset(secret_in(mailbox[0]), "canary-Battery-Staple-8")


def test_an_account_without_an_email_can_add_one(client: Any, mailbox: Any):
    user = User.objects.create_user("bob", password=PASSWORD)
    log_in(client, user)
    change_to(client, "bob@example.com")
    assert open_link(client, mailbox[0]).status_code == 204
    assert len(mailbox) == 1


def test_an_unverified_email_goes_to_the_user_who_verifies_it(client: Any, user: Any, mailbox: Any):
    squatter = User.objects.create_user("eve", "ann@example.com", PASSWORD)
    log_in(client, user)
    change_to(client, "ann@example.com")
    assert open_link(client, mailbox[0]).status_code == 204
    squatter.refresh_from_db()
    assert squatter.email == ""
    assert identifiers.holder("email", "ann@example.com") == user


@pytest.mark.usefixtures("_optional")
def test_verifying_reclaims_an_email_from_an_unverified_user(user: Any, mailbox: Any):
    Identifier.objects.filter(kind="email").delete()
    squatter = User.objects.create_user("eve", "bob@example.com")
    delivery.send("verify", user)
    emails.verify(secret_in(mailbox[0]))
    squatter.refresh_from_db()
    assert (squatter.email, identifiers.holder("email", "bob@example.com")) == ("", user)


def test_a_verified_email_stays_with_its_user(client: Any, user: Any, mailbox: Any):
    owner = User.objects.create_user("ann", "ann@example.com")
    log_in(client, user)
    assert change_to(client, "ann@example.com").status_code == 204
    emails.mark_verified(owner)
    refused = open_link(client, mailbox[0])
    assert (refused.status_code, refused.json()) == (400, {"email": ["A user with that email already exists."]})
    assert User.objects.get(pk=user.pk).email == "bob@example.com"
    mailbox.clear()
    assert change_to(client, "ANN@example.com").status_code == 204
    assert not mailbox


def test_an_email_verified_meanwhile_raises_email_taken(user: Any, mailbox: Any, monkeypatch: Any):
    emails.request_change(user, "new@example.com", PASSWORD)
    monkeypatch.setattr(identifiers, "mark_verified", lambda *arguments: False)
    with pytest.raises(EmailTaken):
        emails.verify(secret_in(mailbox[0]))
    assert User.objects.get().email == "bob@example.com"


def test_a_unique_index_of_the_model_raises_email_taken(user: Any, mailbox: Any, monkeypatch: Any):
    def refuse(user: Any, address: str) -> None:
        raise IntegrityError

    emails.request_change(user, "new@example.com", PASSWORD)
    monkeypatch.setattr(emails, "_store", refuse)
    with pytest.raises(EmailTaken):
        emails.verify(secret_in(mailbox[0]))


@pytest.mark.parametrize(("attribute", "expected"), [("null", None), ("unique", "@lost.invalid")])
def test_the_placeholder_for_an_email_fits_the_model(monkeypatch: Any, attribute: str, expected: Any):
    field = User._meta.get_field("email")
    monkeypatch.setattr(field, attribute, True)
    vacant = emails._placeholder()
    assert vacant is None if expected is None else str(vacant).endswith(expected)


def test_an_email_equal_to_a_username_is_refused_silently(client: Any, user: Any, mailbox: Any, settings: Any):
    settings.SIMPLE_AUTH |= {"LOGIN_METHODS": ["username", "email"]}
    User.objects.create_user("carl@corp.example", "carl@home.example")
    log_in(client, user)
    assert change_to(client, "carl@corp.example").status_code == 204
    assert not mailbox
