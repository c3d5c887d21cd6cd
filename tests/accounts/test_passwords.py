"""Change a password."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth import accounts, sessions, signals
from django_simple_auth.accounts import passwords, reauthentication
from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.exceptions import (
    CredentialsOutdated,
    InvalidValue,
    TooManyAttempts,
    WrongCurrentPassword,
)
from django_simple_auth.models import AuthToken, OneTimeToken
from django_simple_auth.tokens import issuing, links
from tests.support.accounts import can_log_in, log_in
from tests.support.client import PASSWORD
from tests.support.passwords import (
    NEW,
)

User = get_user_model()


Purpose = OneTimeToken.Purpose


API = "/api/auth"


def test_a_changed_password_ends_tokens_and_links(user: Any):
    sessions.start(user)
    issuing.issue(user, AuthToken.Purpose.KEY)
    links.issue(Purpose.CHANGE, "evil@example.com", user)
    user.set_password(NEW)
    user.save()
    assert not AuthToken.objects.exists()
    assert not OneTimeToken.objects.exists()


def test_a_password_set_elsewhere_is_notified_at_commit(
    user: Any, mailbox: Any, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        user.set_password(NEW)
        user.save()
        assert not mailbox
    assert [message.subject for message in mailbox] == ["[www.example.com] Your password was changed"]


def test_a_password_changed_by_a_service_is_notified_once(
    user: Any, mailbox: Any, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        passwords.change(user, PASSWORD, NEW)
    assert [message.subject for message in mailbox] == ["[www.example.com] Your password was changed"]


def test_a_project_may_keep_api_keys_on_change(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"KEEP_KEYS_ON_CHANGE": True}
    sessions.start(user)
    key = issuing.issue(user, AuthToken.Purpose.KEY).row
    passwords.change(user, PASSWORD, NEW)
    assert AuthToken.objects.get() == key


def test_saving_a_user_without_the_password_ends_nothing(user: Any):
    sessions.start(user)
    user.save()
    user.set_password(NEW)
    user.save(update_fields=["last_login"])
    assert AuthToken.objects.count() == 1


def test_a_change_ends_only_the_users_other_tokens(client: Any, user: Any):
    sessions.start(user)
    issuing.issue(user, AuthToken.Purpose.KEY)
    current = log_in(client, user)
    eve = sessions.start(User.objects.create_user("eve")).row
    response = client.post(f"{API}/password/change/", {"current_password": PASSWORD, "new_password": NEW})
    assert response.status_code == 204
    assert client.get(f"{API}/me/").status_code == 200
    assert set(AuthToken.objects.values_list("pk", flat=True)) == {current.pk, eve.pk}
    assert (can_log_in(PASSWORD), can_log_in(NEW)) == (False, True)


def test_a_change_needs_the_current_password(client: Any, user: Any):
    received: list[Any] = []

    def receive(user: Any, **kwargs: Any) -> None:
        received.append(user)

    log_in(client, user)
    signals.reauthentication_failed.connect(receive)
    try:
        response = client.post(f"{API}/password/change/", {"current_password": "wrong", "new_password": NEW})
    finally:
        signals.reauthentication_failed.disconnect(receive)
    assert response.status_code == 400
    assert response.json() == {"current_password": ["This is not your current password."]}
    assert received == [user]
    assert can_log_in(PASSWORD)


def test_the_projects_validators_check_the_new_password(client: Any, user: Any):
    log_in(client, user)
    response = client.post(f"{API}/password/change/", {"current_password": PASSWORD, "new_password": "bob@example"})
    assert response.json() == {"new_password": ["The password is too similar to the email address."]}
    assert can_log_in(PASSWORD)


def test_an_api_key_cannot_change_the_password(client: Any, user: Any):
    client.token = issuing.issue(user, AuthToken.Purpose.KEY).secret
    response = client.post(f"{API}/password/change/", {"current_password": PASSWORD, "new_password": NEW})
    assert response.status_code == 403


def test_a_change_without_a_token_ends_all_tokens(user: Any):
    from rest_framework.test import APIClient

    sessions.start(user)
    api_client = APIClient()
    api_client.force_authenticate(user)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert api_client.post(f"{API}/password/change/", body, format="json").status_code == 204
    assert not AuthToken.objects.exists()


def test_guessing_the_current_password_is_throttled(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"current_password": "2/hour"}}
    for _ in range(2):
        with pytest.raises(WrongCurrentPassword):
            reauthentication.reauthenticate(user, "wrong")
    with pytest.raises(TooManyAttempts):
        reauthentication.reauthenticate(user, PASSWORD)
    reauthentication.reauthenticate(User.objects.create_user("eve", password=PASSWORD), PASSWORD)


def test_of_two_simultaneous_changes_the_second_fails(user: Any):
    twin = User.objects.get()
    passwords.change(user, PASSWORD, NEW)
    with pytest.raises(WrongCurrentPassword):
        passwords.change(twin, PASSWORD, "canary-Another-One-9")
    assert can_log_in(NEW)


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.CHANGE])
def test_a_change_revokes_reset_and_email_change_links(user: Any, purpose: OneTimeToken.Purpose):
    links.issue(purpose, "bob@example.com", user)
    passwords.change(user, PASSWORD, NEW)
    assert not OneTimeToken.objects.exists()


def test_a_check_before_the_change_grants_no_session(user: Any):
    checked = accounts.authenticate(username="bob", password=PASSWORD)
    passwords.change(user, PASSWORD, NEW)
    with pytest.raises(CredentialsOutdated):
        sessions.start(checked)
    assert not AuthToken.objects.exists()


def test_over_http_such_a_login_fails_like_any_other(client: Any, user: Any, monkeypatch: Any):
    real = PasswordFactor.verify

    def change_meanwhile(*arguments: Any) -> Any:
        found = real(*arguments)
        passwords.change(User.objects.get(), PASSWORD, NEW)
        return found

    monkeypatch.setattr(PasswordFactor, "verify", change_meanwhile)
    response = client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD})
    assert response.status_code == 400
    assert response.json() == {"non_field_errors": ["Unable to log in with provided credentials."]}
    assert not AuthToken.objects.exists()


def test_an_invalid_new_password_names_its_field(user: Any):
    with pytest.raises(InvalidValue) as refused:
        passwords.change(user, PASSWORD, "123")
    assert refused.value.field == "new_password"
