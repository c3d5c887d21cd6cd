"""SIMPLE_AUTH["EMAIL_VERIFICATION"]: links that verify the address of an account."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts
from django_simple_auth.accounts import emails
from django_simple_auth.exceptions import EmailNotVerified, LinkInvalid
from django_simple_auth.identity import identifiers, user_model
from django_simple_auth.mail import delivery
from django_simple_auth.models import AuthToken, OneTimeToken
from django_simple_auth.tokens import links
from tests.support.accounts import log_in
from tests.support.client import PASSWORD
from tests.support.emails import open_link
from tests.support.messages import secret_in

User = get_user_model()


Purpose = OneTimeToken.Purpose


API = "/api/auth"


NEW = {"username": "ann", "email": "ann@example.com", "password": PASSWORD}


def test_with_off_no_verification_is_sent(client: Any, mailbox: Any):
    assert client.post(f"{API}/register/", NEW).status_code == 201
    assert client.post(f"{API}/login/", NEW).status_code == 200
    assert client.post(f"{API}/email/verify/resend/", {"email": "ann@example.com"}).status_code == 204
    assert not mailbox


@pytest.mark.usefixtures("_optional")
def test_with_optional_users_log_in_unverified(client: Any, mailbox: Any):
    client.post(f"{API}/register/", NEW)
    assert client.post(f"{API}/login/", NEW).status_code == 200
    assert not identifiers.is_verified(User.objects.get())
    assert open_link(client, mailbox[0]).status_code == 204
    user = User.objects.get()
    assert identifiers.is_verified(user)
    assert user.is_active


@pytest.mark.usefixtures("_required")
def test_with_required_no_token_before_verification(client: Any, mailbox: Any):
    client.post(f"{API}/register/", NEW)
    refused = client.post(f"{API}/login/", NEW)
    assert refused.status_code == 400
    assert refused.json() == {"non_field_errors": ["Please verify your e-mail address first."]}
    assert not AuthToken.objects.exists()
    assert open_link(client, mailbox[0]).status_code == 204
    assert client.post(f"{API}/login/", NEW).status_code == 200


@pytest.mark.usefixtures("_required")
def test_only_the_right_password_discloses_unverified_email(client: Any, user: Any):
    wrong = client.post(f"{API}/login/", {"username": "bob", "password": "wrong"})
    unknown = client.post(f"{API}/login/", {"username": "nobody", "password": "wrong"})
    assert wrong.json() == unknown.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}
    with pytest.raises(EmailNotVerified):
        accounts.authenticate(username="bob", password=PASSWORD, disclose_cause=True)


@pytest.mark.usefixtures("_required")
def test_published_contracts_keep_their_error_text(client: Any, user: Any):
    response = client.post("/contracts/keys/user/login/", {"username": "bob", "password": PASSWORD})
    assert (response.status_code, response.json()) == (400, {"error": "Invalid credentials"})


@pytest.mark.usefixtures("_required")
def test_a_project_can_mark_an_email_verified(user: Any):
    assert emails.mark_verified(user)
    assert accounts.authenticate(username="bob", password=PASSWORD) == user
    assert not emails.mark_verified(User.objects.create_user("eve"))


@pytest.mark.usefixtures("_required")
def test_a_changed_email_is_unverified_again(user: Any):
    emails.mark_verified(user)
    user.email = "new@example.com"
    user.save()
    with pytest.raises(EmailNotVerified):
        accounts.authenticate(username="bob", password=PASSWORD)


@pytest.mark.usefixtures("_optional")
def test_a_verification_link_works_once(client: Any, user: Any, mailbox: Any):
    emails.resend_verification("bob@example.com")
    assert open_link(client, mailbox[0]).status_code == 204
    again = open_link(client, mailbox[0])
    assert (again.status_code, again.json()) == (400, {"token": ["This link is invalid or has expired."]})


@pytest.mark.usefixtures("_optional")
def test_a_link_verifies_only_the_address_it_was_sent_to(user: Any, mailbox: Any):
    emails.resend_verification("bob@example.com")
    User.objects.update(email="new@example.com")
    with pytest.raises(LinkInvalid):
        emails.verify(secret_in(mailbox[0]))


@pytest.mark.usefixtures("_optional")
@pytest.mark.parametrize("case", ["unknown", "inactive", "verified", "known"])
def test_resending_has_one_answer_and_one_cost(client: Any, user: Any, monkeypatch: Any, case: str):
    if case == "verified":
        emails.mark_verified(user)
    User.objects.update(is_active=case != "inactive")
    handed: list[Any] = []
    monkeypatch.setattr(delivery, "_hand_over", lambda *message: handed.append(message))
    with CaptureQueriesContext(connection) as queries:
        email = "nobody@example.com" if case == "unknown" else "BOB@example.com"
        response = client.post(f"{API}/email/verify/resend/", {"email": email})
    assert (response.status_code, response.content, len(queries), len(handed)) == (204, b"", 1, 1)
    monkeypatch.undo()


@pytest.mark.usefixtures("_optional")
def test_a_disabled_account_is_not_sent_another_link(user: Any, mailbox: Any):
    User.objects.update(is_active=False)
    emails.resend_verification("bob@example.com")
    assert not mailbox


@pytest.mark.usefixtures("_optional")
def test_a_link_without_a_user_verifies_nothing(db: None):
    with pytest.raises(LinkInvalid):
        emails.verify(links.issue(Purpose.VERIFY, "bob@example.com"))


@pytest.mark.usefixtures("_optional")
def test_a_user_deleted_meanwhile_is_not_verified(user: Any, mailbox: Any, monkeypatch: Any):
    emails.resend_verification("bob@example.com")
    monkeypatch.setattr(user_model, "lock", lambda user, **unchanged: False)
    with pytest.raises(LinkInvalid):
        emails.verify(secret_in(mailbox[0]))


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("email_verify", "email/verify", {"token": "x"}),
        ("email_resend", "email/verify/resend", {"email": "x@example.com"}),
        ("email_change", "email/change", {"email": "x@example.com", "current_password": "x"}),
    ],
)
def test_the_email_endpoints_are_throttled(client: Any, user: Any, settings: Any, scope: str, path: str, body: Any):
    log_in(client, user)
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {scope: "1/hour"}}
    statuses = [client.post(f"{API}/{path}/", body).status_code for _ in range(2)]
    assert statuses[1] == 429
