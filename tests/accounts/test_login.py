"""The order of a login, what its grant is bound to, logins without HTTP, and the signals of a login."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models import Q

from django_simple_auth import accounts, presence, sessions, signals
from django_simple_auth.accounts import login
from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.accounts.login import LoginAttempt
from django_simple_auth.exceptions import (
    ChallengeRequired,
    CredentialsOutdated,
    InvalidCredentials,
    TooManyAttempts,
)
from django_simple_auth.models import AuthToken, Presence
from django_simple_auth.throttling import logins
from tests.support import steps
from tests.support.client import PASSWORD
from tests.support.steps import OutsideOfficeHours, seen, use_steps
from tests.support.throttling import only

User = get_user_model()


BOB = {"username": "bob", "password": PASSWORD}


@pytest.fixture
def order(monkeypatch: Any, settings: Any) -> list[str]:
    """The parts of a login, in the order in which they were called."""
    happened: list[str] = []

    def watch(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            happened.append(name)
            return real(*arguments, **named)

        monkeypatch.setattr(owner, name, watched)

    for owner, name in [
        (logins, "hit"),
        (MD5PasswordHasher, "encode"),
        (steps, "look"),
        (logins, "succeeded"),
        (sessions, "start"),
        (presence, "start"),
    ]:
        watch(owner, name)
    return happened


@pytest.mark.parametrize("url", ["/api/auth/login/", "/contracts/presence/user/login/"])
def test_every_contract_logs_in_in_the_same_order(client: Any, user: Any, settings: Any, order: list[str], url: str):
    use_steps(settings, "look", THROTTLE_RATES={"login": "1/min"})
    order.clear()
    assert client.post(url, BOB).status_code == 200
    assert order == ["hit", "encode", "look", "succeeded", "start"]


def test_a_login_without_http_has_the_same_order(user: Any, settings: Any, order: list[str]):
    use_steps(settings, "look")
    order.clear()
    accounts.log_in(**BOB)
    assert order == ["hit", "encode", "look", "succeeded", "start"]


def test_above_the_limit_nothing_is_hashed_and_no_step_runs(user: Any, settings: Any, order: list[str]):
    use_steps(settings, "look", THROTTLE_RATES=only(login_account="1/min"))
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="bob", password="wrong")
    order.clear()
    with pytest.raises(TooManyAttempts):
        accounts.log_in(**BOB)
    assert order == ["hit"]


def test_after_a_wrong_password_no_step_runs(user: Any, settings: Any):
    use_steps(settings, "look")
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="bob", password="wrong")
    assert seen == []


def test_a_login_that_passes_its_steps_clears_the_counter(user: Any, settings: Any):
    use_steps(settings, "look", THROTTLE_RATES=only(login_account="2/min"))
    for _ in range(5):
        with pytest.raises(InvalidCredentials):
            accounts.log_in(username="bob", password="wrong")
        accounts.log_in(**BOB)


def meanwhile(monkeypatch: Any, what: Callable[[], Any]) -> list[str]:
    """Do something once, after the first check of the password; one entry for each check."""
    real = PasswordFactor.verify
    checks: list[str] = []

    def verify(*arguments: Any) -> Any:
        found = real(*arguments)
        checks.append("")
        if len(checks) == 1:
            what()
        return found

    monkeypatch.setattr(PasswordFactor, "verify", verify)
    return checks


def better_hash() -> None:
    User.objects.update(password=make_password(PASSWORD))


@pytest.mark.parametrize("url", ["/api/auth/login/", "/contracts/presence/user/login/"])
def test_a_hash_upgraded_meanwhile_repeats_no_step(client: Any, user: Any, settings: Any, monkeypatch: Any, url: str):
    use_steps(settings, "look", THROTTLE_RATES=only(login_account="1/min"))
    checks = meanwhile(monkeypatch, better_hash)
    assert client.post(url, BOB).status_code == 200
    assert (len(checks), len(seen)) == (2, 1)


def test_a_password_changed_meanwhile_grants_nothing(user: Any, monkeypatch: Any):
    meanwhile(monkeypatch, lambda: User.objects.update(password=make_password("another")))
    with pytest.raises(InvalidCredentials):
        accounts.log_in(**BOB)
    assert not AuthToken.objects.exists()


def test_a_user_changed_meanwhile_gets_no_presence(client: Any, user: Any, monkeypatch: Any):
    for changed in [{"password": make_password("another")}, {"password": user.password, "is_active": False}]:
        with monkeypatch.context() as patch:
            meanwhile(patch, lambda changed=changed: User.objects.update(**changed))  # type: ignore[misc]
            assert client.post("/contracts/presence/user/login/", BOB).status_code in {400, 401}
    assert not Presence.objects.exists()


def test_one_users_steps_do_not_log_another_user_in(user: Any, monkeypatch: Any):
    def rename() -> None:
        User.objects.filter(pk=user.pk).update(username="robert", password=make_password("another"))
        User.objects.create_user("bob", password=PASSWORD)

    meanwhile(monkeypatch, rename)
    with pytest.raises(CredentialsOutdated):
        accounts.log_in(**BOB)
    assert not AuthToken.objects.exists()


def test_without_http_a_login_is_one_call(user: Any):
    issued = accounts.log_in(**BOB, ip_address="192.0.2.1", device="job", extra={"code": "1"})
    assert sessions.resume(issued.secret).user == user
    (session,) = sessions.active(user)
    assert (session.device, session.ip_address) == ("job", "192.0.2.1")
    assert accounts.log_in(email="BOB@example.com", password=PASSWORD)


def test_without_http_attempts_are_counted_per_network(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="1/min")}
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="bob", password="wrong", ip_address="2001:db8::1")
    with pytest.raises(TooManyAttempts):
        accounts.log_in(**BOB, ip_address="2001:db8::2")
    assert accounts.log_in(**BOB, ip_address="2001:db8:1::2")


def test_attempts_without_a_name_are_counted(db: None, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="1/min")}
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="", password="wrong")
    with pytest.raises(TooManyAttempts):
        accounts.log_in(password="wrong")


class Badge:
    """A first factor without a name."""

    identifier = ""

    def __init__(self, user: Any) -> None:
        self.user = user

    def verify(self, request: Any) -> tuple[Any, Q]:
        if self.user is None:
            raise InvalidCredentials
        return self.user, Q()


def test_a_first_factor_without_a_name_is_not_counted(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="1/min", login_identifier="1/min")}
    for _ in range(3):
        with pytest.raises(InvalidCredentials):
            login.run(Badge(None), login.start_session)
        assert login.run(Badge(user), login.start_session).row.user == user


def test_another_first_factor_is_bound_to_its_own_condition(user: Any):
    def change(attempt: LoginAttempt) -> None:
        User.objects.update(password=make_password("another"))

    assert login.run(Badge(user), login.start_session, steps=[change])


@pytest.fixture
def sent() -> Iterator[list[tuple[str, Any, Any]]]:
    """``(signal, user or name, code)``."""
    received: list[tuple[str, Any, Any]] = []

    def ours(user: Any, code: str, **facts: Any) -> None:
        received.append(("login_failed", user, code))

    def djangos(credentials: Any, request: Any, **kwargs: Any) -> None:
        received.append(("user_login_failed", credentials["username"], None))

    def success(user: Any, **kwargs: Any) -> None:
        received.append(("user_logged_in", user, None))

    connections = [
        (signals.login_failed, ours),
        (user_login_failed, djangos),
        (user_logged_in, success),
    ]
    for signal, receiver in connections:
        signal.connect(receiver)
    yield received
    for signal, receiver in connections:
        signal.disconnect(receiver)


def test_a_failing_step_is_sent_with_its_user_and_code(user: Any, settings: Any, sent: list[Any]):
    use_steps(settings, "close")
    with pytest.raises(OutsideOfficeHours):
        accounts.log_in(**BOB)
    assert sent == [("user_login_failed", "bob", None), ("login_failed", user, "outside_office_hours")]


def test_a_wrong_password_is_sent_once(user: Any, sent: list[Any]):
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="bob", password="wrong")
    assert sent == [("user_login_failed", "bob", None), ("login_failed", None, "invalid_credentials")]


def test_a_challenge_does_not_send_djangos_failure_signal(user: Any, settings: Any, sent: list[Any]):
    use_steps(settings, "challenge")
    with pytest.raises(ChallengeRequired) as refused:
        accounts.log_in(**BOB)
    assert sent == [("login_failed", user, "challenge_required")]
    assert pickle.loads(pickle.dumps(refused.value)).data == {"methods": ["code"]}


def test_a_successful_login_is_not_sent_as_failed(user: Any, settings: Any, sent: list[Any]):
    use_steps(settings, "look")
    accounts.log_in(**BOB)
    assert sent == [("user_logged_in", user, None)]


def test_a_throttled_login_is_not_sent_as_failed(user: Any, settings: Any, sent: list[Any]):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="1/min")}
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="bob", password="wrong")
    sent.clear()
    with pytest.raises(TooManyAttempts):
        accounts.log_in(**BOB)
    assert sent == []
