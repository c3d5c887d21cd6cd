from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import accounts, sessions, signals
from django_simple_auth.accounts import password_upgrades, passwords, reauthentication
from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.exceptions import (
    AccountInactive,
    CredentialsOutdated,
    EmailMissing,
    InvalidCredentials,
    InvalidValue,
    LinkInvalid,
    PasswordResetUnavailable,
    TooManyAttempts,
    UnusablePassword,
    WrongCurrentPassword,
)
from django_simple_auth.identity import user_model
from django_simple_auth.models import AuthToken, Identifier, OneTimeToken
from django_simple_auth.tokens import issuing, links
from tests.support.client import PASSWORD
from tests.support.messages import secret_in

User = get_user_model()
Purpose = OneTimeToken.Purpose
API = "/api/auth"
NEW = "canary-Battery-Staple-8"


def opens(password: str) -> bool:
    try:
        accounts.authenticate(username="bob", password=password)
    except InvalidCredentials:
        return False
    return True


def logged_in(client: Any, user: Any) -> Any:
    issued = sessions.start(user)
    client.token = issued.secret
    return issued.row


def ask(client: Any, email: str = "bob@example.com") -> Any:
    return client.post(f"{API}/password/reset/", {"email": email})


def link(client: Any, mailbox: Any) -> str:
    ask(client)
    return secret_in(mailbox[-1])


def confirm(client: Any, token: str, password: str = NEW) -> Any:
    return client.post(f"{API}/password/reset/confirm/", {"token": token, "new_password": password})


# Changing it


def test_wherever_a_password_is_changed_the_tokens_end_and_links_die(user: Any):
    sessions.start(user)
    issuing.issue(user, AuthToken.Purpose.KEY)
    links.issue(Purpose.CHANGE, "evil@example.com", user)
    user.set_password(NEW)
    user.save()
    assert not AuthToken.objects.exists()
    assert not OneTimeToken.objects.exists()


def test_a_password_that_is_set_elsewhere_is_told_when_it_is_committed(
    user: Any, mailbox: Any, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        user.set_password(NEW)
        user.save()
        assert not mailbox
    assert [letter.subject for letter in mailbox] == ["[www.example.com] Your password was changed"]


def test_a_password_that_a_service_has_changed_is_told_once(
    user: Any, mailbox: Any, django_capture_on_commit_callbacks: Any
):
    with django_capture_on_commit_callbacks(execute=True):
        passwords.change(user, PASSWORD, NEW)
    assert [letter.subject for letter in mailbox] == ["[www.example.com] Your password was changed"]


def test_a_host_may_keep_the_api_keys_through_a_change(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"KEEP_KEYS_ON_CHANGE": True}
    sessions.start(user)
    key = issuing.issue(user, AuthToken.Purpose.KEY).row
    passwords.change(user, PASSWORD, NEW)
    assert AuthToken.objects.get() == key


def test_saving_a_user_otherwise_ends_nothing(user: Any):
    sessions.start(user)
    user.save()
    user.set_password(NEW)
    user.save(update_fields=["last_login"])
    assert AuthToken.objects.count() == 1


class CatchesEverything(ModelBackend):
    """As people write them."""

    def authenticate(self, request: Any, **credentials: Any) -> Any:
        try:
            return super().authenticate(request, **credentials)
        except Exception:  # noqa: BLE001
            return None


def test_a_better_hash_is_written_even_past_a_backend_that_catches_everything(user: Any, settings: Any):
    settings.AUTHENTICATION_BACKENDS = ["tests.accounts.test_passwords.CatchesEverything"]
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    assert opens(PASSWORD)
    user.refresh_from_db()
    assert user.password.startswith("scrypt")


def test_a_change_ends_the_users_other_tokens_and_nothing_else(client: Any, user: Any):
    sessions.start(user)
    issuing.issue(user, AuthToken.Purpose.KEY)
    current = logged_in(client, user)
    eve = sessions.start(User.objects.create_user("eve")).row
    response = client.post(f"{API}/password/change/", {"current_password": PASSWORD, "new_password": NEW})
    assert response.status_code == 204
    assert client.get(f"{API}/me/").status_code == 200
    assert set(AuthToken.objects.values_list("pk", flat=True)) == {current.pk, eve.pk}
    assert (opens(PASSWORD), opens(NEW)) == (False, True)


def test_a_change_needs_the_current_password(client: Any, user: Any):
    heard: list[Any] = []

    def hear(user: Any, **kwargs: Any) -> None:
        heard.append(user)

    logged_in(client, user)
    signals.reauthentication_failed.connect(hear)
    try:
        response = client.post(f"{API}/password/change/", {"current_password": "wrong", "new_password": NEW})
    finally:
        signals.reauthentication_failed.disconnect(hear)
    assert response.status_code == 400
    assert response.json() == {"current_password": ["This is not your current password."]}
    assert heard == [user]
    assert opens(PASSWORD)


def test_the_hosts_validators_decide_on_the_new_one(client: Any, user: Any):
    logged_in(client, user)
    response = client.post(f"{API}/password/change/", {"current_password": PASSWORD, "new_password": "bob@example"})
    assert response.json() == {"new_password": ["The password is too similar to the email address."]}
    assert opens(PASSWORD)


def test_an_api_key_changes_no_password(client: Any, user: Any):
    client.token = issuing.issue(user, AuthToken.Purpose.KEY).secret
    response = client.post(f"{API}/password/change/", {"current_password": PASSWORD, "new_password": NEW})
    assert response.status_code == 403


def test_a_login_of_another_kind_ends_all_of_ours(user: Any):
    from rest_framework.test import APIClient

    sessions.start(user)
    api_client = APIClient()
    api_client.force_authenticate(user)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert api_client.post(f"{API}/password/change/", body, format="json").status_code == 204
    assert not AuthToken.objects.exists()


def test_a_stolen_login_is_no_place_to_guess_the_password_at(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {"current_password": "2/hour"}}
    for _ in range(2):
        with pytest.raises(WrongCurrentPassword):
            reauthentication.reauthenticate(user, "wrong")
    with pytest.raises(TooManyAttempts):
        reauthentication.reauthenticate(user, PASSWORD)
    reauthentication.reauthenticate(User.objects.create_user("eve", password=PASSWORD), PASSWORD)


def test_of_two_changes_at_once_the_second_has_confirmed_an_old_password(user: Any):
    twin = User.objects.get()
    passwords.change(user, PASSWORD, NEW)
    with pytest.raises(WrongCurrentPassword):
        passwords.change(twin, PASSWORD, "canary-Another-One-9")
    assert opens(NEW)


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.CHANGE])
def test_a_change_ends_what_somebody_else_may_have_begun(user: Any, purpose: OneTimeToken.Purpose):
    links.issue(purpose, "bob@example.com", user)
    passwords.change(user, PASSWORD, NEW)
    assert not OneTimeToken.objects.exists()


# A login that is under way


def test_a_password_that_was_checked_before_it_was_changed_opens_nothing(user: Any):
    checked = accounts.authenticate(username="bob", password=PASSWORD)
    passwords.change(user, PASSWORD, NEW)
    with pytest.raises(CredentialsOutdated):
        sessions.start(checked)
    assert not AuthToken.objects.exists()


def test_over_http_such_a_login_is_refused_like_any_other(client: Any, user: Any, monkeypatch: Any):
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


UPGRADE = ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.MD5PasswordHasher"]


def test_a_better_hash_at_login_logs_nobody_out_and_nobody_in_twice(client: Any, user: Any, settings: Any):
    logged_in(client, user)
    settings.PASSWORD_HASHERS = UPGRADE
    assert client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).status_code == 200
    assert User.objects.get().password.startswith("scrypt")
    assert client.get(f"{API}/me/").status_code == 200


def test_two_logins_that_both_improve_the_hash_both_succeed(client: Any, user: Any, monkeypatch: Any):
    real = PasswordFactor.verify
    calls: list[str] = []

    def improve_meanwhile(*arguments: Any) -> Any:
        found = real(*arguments)
        calls.append("")
        if len(calls) == 1:
            User.objects.update(password=make_password(PASSWORD))
        return found

    monkeypatch.setattr(PasswordFactor, "verify", improve_meanwhile)
    assert client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).status_code == 200
    assert len(calls) == 2


def test_a_better_hash_of_the_old_password_does_not_undo_a_change(client: Any, user: Any, monkeypatch: Any):
    """Django loads the user, hashes for a while, and then writes the old password's better hash over the new one."""
    monkeypatch.setattr("django.contrib.auth.hashers.MD5PasswordHasher.must_update", lambda *arguments: True)
    real = User.check_password
    changed: list[str] = []

    def change_meanwhile(self: Any, raw_password: str) -> Any:
        if not changed:
            changed.append(NEW)
            User.objects.update(password=make_password(NEW))
        return real(self, raw_password)

    monkeypatch.setattr(User, "check_password", change_meanwhile)
    assert client.post(f"{API}/login/", {"username": "bob", "password": PASSWORD}).status_code == 400
    assert User.objects.get().password.startswith("md5")
    assert (real(User.objects.get(), NEW), AuthToken.objects.count()) == (True, 0)


def test_a_change_may_find_the_hash_improvable(user: Any, settings: Any):
    settings.PASSWORD_HASHERS = UPGRADE
    passwords.change(user, PASSWORD, NEW)
    assert opens(NEW)


def test_the_hash_of_a_user_who_has_gone_is_not_improved(user: Any, settings: Any, monkeypatch: Any):
    settings.PASSWORD_HASHERS = UPGRADE
    monkeypatch.setattr(user_model, "lock", lambda user, **unchanged: False)
    assert password_upgrades.check(lambda: user.check_password(PASSWORD), PASSWORD)
    assert User.objects.get().password.startswith("md5")


def test_outside_of_a_check_the_host_saves_as_ever(user: Any):
    user.password = make_password(NEW)
    user.save(update_fields=["password"])
    assert opens(NEW)


# Choosing another one by mail


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client: Any, user: Any, mailbox: Any):
    sessions.start(user)
    issuing.issue(user, AuthToken.Purpose.KEY)
    token = link(client, mailbox)
    assert confirm(client, token).status_code == 204
    assert (opens(PASSWORD), opens(NEW)) == (False, True)
    assert not AuthToken.objects.exists()
    again = confirm(client, token, "canary-Another-One-9")
    assert again.status_code == 400
    assert again.json() == {"token": ["This link is invalid or has expired."]}
    assert opens(NEW)


def test_only_the_newest_link_works(client: Any, user: Any, mailbox: Any):
    first, second = link(client, mailbox), link(client, mailbox)
    assert confirm(client, first).status_code == 400
    assert confirm(client, second).status_code == 204


def test_the_mail_goes_to_the_stored_address(client: Any, user: Any, mailbox: Any):
    ask(client, "ＢＯＢ@EXAMPLE.com")
    assert [letter.to for letter in mailbox] == [["bob@example.com"]] * len(mailbox)
    ask(client, "BOB@EXAMPLE.com")
    assert mailbox[-1].to == ["bob@example.com"]


def test_a_weak_password_does_not_use_up_the_link(client: Any, user: Any, mailbox: Any):
    token = link(client, mailbox)
    response = confirm(client, token, "123")
    assert response.status_code == 400
    assert set(response.json()) == {"new_password"}
    assert confirm(client, token).status_code == 204


@pytest.mark.parametrize("case", ["unknown", "inactive", "unusable password", "known"])
def test_the_answer_and_the_effort_are_the_same_whoever_asks(
    client: Any, user: Any, mailbox: Any, monkeypatch: Any, case: str
):
    from django_simple_auth.mail import delivery

    if case == "inactive":
        User.objects.update(is_active=False)
    elif case == "unusable password":
        User.objects.update(password=make_password(None))
    handed: list[Any] = []
    monkeypatch.setattr(delivery, "_hand_over", lambda *letter: handed.append(letter))
    with CaptureQueriesContext(connection) as queries:
        response = ask(client, "nobody@example.com" if case == "unknown" else "bob@example.com")
    assert (response.status_code, response.content, len(queries)) == (204, b"", 1)
    assert [letter[:4] for letter in handed] == [("reset", str(user.pk) if case == "known" else "", "", "en-us")]


def test_asking_is_an_event_that_names_nobody_who_is_not_known(client: Any, user: Any, mailbox: Any, caplog: Any):
    with caplog.at_level("INFO"):
        ask(client, "nobody@example.com")
        ask(client)
    records = [
        record for record in caplog.records if getattr(record, "event", "") == signals.password_reset_requested.name
    ]
    assert [record.user_id for record in records] == [None, str(user.pk)]
    assert "nobody@" not in caplog.text


def test_staff_send_the_link_to_a_user_rather_than_to_an_address(user: Any, mailbox: Any, caplog: Any):
    # Somebody else has claimed the address: whoever asks for a letter to it gets one for that account.
    twin = User.objects.create_user("twin", "bob@example.com", PASSWORD)
    with caplog.at_level("INFO"):
        passwords.send_reset(twin)
    assert [letter.to for letter in mailbox] == [["bob@example.com"]]
    assert passwords.reset(secret_in(mailbox[0]), NEW) == twin
    assert [
        record.user_id
        for record in caplog.records
        if getattr(record, "event", "") == signals.password_reset_requested.name
    ] == [str(twin.pk)]


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"is_active": False}, AccountInactive),
        ({"password": make_password(None)}, UnusablePassword),
        ({"email": ""}, EmailMissing),
    ],
)
def test_staff_are_told_why_no_letter_leaves(
    user: Any, mailbox: Any, caplog: Any, change: Any, cause: type[PasswordResetUnavailable]
):
    User.objects.update(**change)
    user.refresh_from_db()
    with caplog.at_level("INFO"), pytest.raises(cause):
        passwords.send_reset(user)
    assert (mailbox, caplog.records) == ([], [])


def test_a_disabled_account_cannot_use_an_old_link(client: Any, user: Any, mailbox: Any):
    token = link(client, mailbox)
    User.objects.update(is_active=False)
    assert confirm(client, token).status_code == 400
    assert User.objects.get().check_password(PASSWORD)


def test_an_account_that_another_system_holds_by_now_cannot_use_an_old_link(client: Any, user: Any, mailbox: Any):
    token = link(client, mailbox)
    user.set_unusable_password()
    user.save()
    assert confirm(client, token).status_code == 400
    assert not User.objects.get().has_usable_password()


def test_a_link_to_an_address_that_the_account_has_no_more_is_dead(client: Any, user: Any, mailbox: Any):
    token = link(client, mailbox)
    User.objects.update(email="new@example.com")
    assert confirm(client, token).status_code == 400


def test_a_user_who_goes_meanwhile_has_no_password_to_choose(user: Any, mailbox: Any, monkeypatch: Any):
    passwords.request_reset("bob@example.com")
    monkeypatch.setattr("django_simple_auth.identity.user_model.lock", lambda user, **unchanged: False)
    with pytest.raises(LinkInvalid):
        passwords.reset(secret_in(mailbox[0]), NEW)
    assert OneTimeToken.objects.exists()


def test_a_reset_without_an_account_is_no_reset(db: None):
    secret = links.issue(Purpose.RESET, "bob@example.com")
    with pytest.raises(LinkInvalid):
        passwords.reset(secret, NEW)


def test_a_reset_proves_the_address(user: Any, mailbox: Any):
    passwords.request_reset("bob@example.com")
    passwords.reset(secret_in(mailbox[0]), NEW)
    assert Identifier.objects.get(kind="email").verified_at is not None
    assert Identifier.objects.get(kind="username").verified_at is None


def test_the_services_say_what_is_wrong_with_a_new_password(user: Any):
    with pytest.raises(InvalidValue) as refused:
        passwords.change(user, PASSWORD, "123")
    assert refused.value.field == "new_password"


@pytest.mark.parametrize(
    ("scope", "path", "body"),
    [
        ("reset", "password/reset", {"email": "x@example.com"}),
        ("reset_confirm", "password/reset/confirm", {"token": "x", "new_password": "x"}),
    ],
)
def test_each_has_a_limit(client: Any, db: None, settings: Any, scope: str, path: str, body: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {scope: "1/hour"}}
    statuses = [client.post(f"{API}/{path}/", body).status_code for _ in range(2)]
    assert statuses[1] == 429


def test_no_secret_is_in_a_log(client: Any, user: Any, mailbox: Any, caplog: Any):
    with caplog.at_level("DEBUG"):
        token = link(client, mailbox)
        confirm(client, token, "123")
        confirm(client, token)
    assert token not in caplog.text
    assert NEW not in caplog.text
