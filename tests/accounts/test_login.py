"""The whole login: throttle, first factor, steps, clear the counters, grant. By every contract, and without HTTP."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher, make_password
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db.models import Q
from django.urls import include, path
from rest_framework import serializers

from django_simple_auth import accounts, presence, sessions, signals
from django_simple_auth.accounts import login
from django_simple_auth.accounts.credentials import PasswordFactor
from django_simple_auth.accounts.login import LoginAttempt
from django_simple_auth.contracts import native
from django_simple_auth.contracts import presence as presence_contract
from django_simple_auth.exceptions import (
    ChallengeRequired,
    CredentialsOutdated,
    InvalidCredentials,
    SimpleAuthError,
    TooManyAttempts,
)
from django_simple_auth.models import AuthToken, Presence
from django_simple_auth.throttling import logins
from django_simple_auth.views import LogIn, LogInWithoutToken
from django_simple_auth.wire import Contract, Endpoint
from tests.support.client import PASSWORD
from tests.support.throttling import only

User = get_user_model()
HERE = "tests.accounts.test_login"
BOB = {"username": "bob", "password": PASSWORD}
seen: list[LoginAttempt] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> Iterator[None]:
    yield
    seen.clear()


def look(attempt: LoginAttempt) -> None:
    seen.append(attempt)


def refuse(attempt: LoginAttempt) -> None:
    raise InvalidCredentials


def challenge(attempt: LoginAttempt) -> None:
    raise ChallengeRequired({"methods": ["code"]})


class OutsideOfficeHours(SimpleAuthError):
    code = "outside_office_hours"
    message = "Please come back tomorrow."


def close(attempt: LoginAttempt) -> None:
    raise OutsideOfficeHours


def use_steps(settings: Any, *names: str, **more: Any) -> None:
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": {}, "LOGIN_STEPS": [f"{HERE}.{name}" for name in names], **more}


class RefusingLogIn(LogIn):
    def check(self, attempt: LoginAttempt) -> None:
        refuse(attempt)


class RefusingLogInWithoutToken(LogInWithoutToken):
    def check(self, attempt: LoginAttempt) -> None:
        refuse(attempt)


class Credentials(native.Credentials):
    answer = serializers.CharField(source="code", required=False)


class LookingLogIn(LogIn):
    def check(self, attempt: LoginAttempt) -> None:
        attempt.user.first_name += "check"
        look(attempt)


def mount(contract: Contract, request: Any, response: Any, view: type[LogIn], url: str = "login/") -> Any:
    """The contract, with this view for its login."""
    return include(contract.but(Endpoint(url, view, request=request, response=response)).urls)


class URLs:
    urlpatterns = [
        path("refusing/", mount(native.contract, native.Credentials, native.Session, RefusingLogIn)),
        path("looking/", mount(native.contract, Credentials, native.Session, LookingLogIn)),
        path(
            "presence/",
            mount(
                presence_contract.contract,
                presence_contract.Credentials,
                presence_contract.User,
                RefusingLogInWithoutToken,
                "user/login/",
            ),
        ),
    ]


@pytest.fixture
def outcomes(client: Any, user: Any, settings: Any) -> Callable[[str], list[int]]:
    """The statuses of 200 logins with the right password; without HTTP, what they would be."""

    def without_http() -> int:
        try:
            accounts.log_in(**BOB)
        except TooManyAttempts:
            return 429
        except InvalidCredentials:
            return 400
        raise AssertionError("Nothing refused the login.")

    def outcomes(way: str) -> list[int]:
        if way == "without HTTP":
            return [without_http() for _ in range(200)]
        return [client.post(way, BOB).status_code for _ in range(200)]

    return outcomes


@pytest.mark.parametrize("way", ["/refusing/login/", "/presence/user/login/"])
def test_a_failing_check_is_counted_like_a_wrong_password(outcomes: Any, settings: Any, way: str):
    settings.ROOT_URLCONF = URLs
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="10/min")}
    assert outcomes(way) == [400] * 10 + [429] * 190


@pytest.mark.parametrize("step", ["refuse", "challenge"])
@pytest.mark.parametrize("way", ["/api/auth/login/", "/contracts/presence/user/login/", "without HTTP"])
def test_a_failing_step_is_counted_like_a_wrong_password(outcomes: Any, settings: Any, way: str, step: str):
    use_steps(settings, step, THROTTLE_RATES=only(login_account="10/min"))
    assert outcomes(way) == [400] * 10 + [429] * 190


PLAIN = {"non_field_errors": ["Unable to log in with provided credentials."]}
LOGINS: list[tuple[str, dict[str, str], Any]] = [
    ("/api/auth/login/", BOB, PLAIN),
    ("/contracts/message/login/", BOB, {"error": "Invalid credentials"}),
    ("/contracts/profile/token/", BOB, PLAIN),
    ("/contracts/keys/user/login/", BOB, {"error": "Invalid credentials"}),
    ("/contracts/email/users/login/", {"email": "bob@example.com", "password": PASSWORD}, PLAIN),
    ("/contracts/presence/user/login/", BOB, PLAIN),
]


@pytest.mark.parametrize("step", ["refuse", "challenge"])
@pytest.mark.parametrize(("url", "body", "refusal"), LOGINS, ids=[url for url, *_ in LOGINS])
def test_every_contract_refuses_a_failing_step_in_its_own_shape(
    client: Any, user: Any, settings: Any, url: str, body: Any, refusal: Any, step: str
):
    assert client.post(url, body).status_code == 200
    AuthToken.objects.all().delete()
    Presence.objects.all().delete()
    use_steps(settings, step)
    response = client.post(url, body)
    assert (response.status_code, response.json()) == (400, refusal)
    assert not AuthToken.objects.exists()
    assert not Presence.objects.exists()


def test_a_step_may_refuse_for_a_cause_of_its_own(client: Any, user: Any, settings: Any):
    use_steps(settings, "close")
    response = client.post("/api/auth/login/", BOB)
    assert (response.status_code, response.json()) == (400, {"non_field_errors": ["Please come back tomorrow."]})


# The order


@pytest.fixture
def order(monkeypatch: Any, settings: Any) -> list[str]:
    """What happens in a login, in the order in which it happens."""
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
        (sys.modules[HERE], "look"),
        (logins, "succeeded"),
        (sessions, "start"),
        (presence, "start"),
    ]:
        watch(owner, name)
    return happened


@pytest.mark.parametrize("url", ["/api/auth/login/", "/contracts/presence/user/login/"])
def test_every_login_has_one_order(client: Any, user: Any, settings: Any, order: list[str], url: str):
    use_steps(settings, "look", THROTTLE_RATES={"login": "1/min"})
    order.clear()
    assert client.post(url, BOB).status_code == 200
    assert order == ["hit", "encode", "look", "succeeded", "start"]


def test_a_login_without_http_has_the_same_order(user: Any, settings: Any, order: list[str]):
    use_steps(settings, "look")
    order.clear()
    accounts.log_in(**BOB)
    assert order == ["hit", "encode", "look", "succeeded", "start"]


def test_above_the_limit_nothing_is_hashed_and_no_step_is_taken(user: Any, settings: Any, order: list[str]):
    use_steps(settings, "look", THROTTLE_RATES=only(login_account="1/min"))
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="bob", password="wrong")
    order.clear()
    with pytest.raises(TooManyAttempts):
        accounts.log_in(**BOB)
    assert order == ["hit"]


def test_after_a_wrong_password_no_step_is_taken(user: Any, settings: Any):
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


# What a step sees and does


def test_a_step_sees_the_whole_attempt(client: Any, user: Any, settings: Any):
    settings.ROOT_URLCONF = URLs
    use_steps(settings, "look")
    body = {**BOB, "device": "phone", "answer": "123456"}
    assert client.post("/looking/login/", body, REMOTE_ADDR="192.0.2.1").status_code == 200
    attempt, _again = seen
    assert attempt.user == user
    assert attempt.request is not None
    assert attempt.request.path == "/looking/login/"
    assert (attempt.ip_address, attempt.device, attempt.extra) == ("192.0.2.1", "phone", {"code": "123456"})
    assert "123456" not in repr(attempt)


def test_the_setting_s_steps_come_before_the_view_s_check(client: Any, user: Any, settings: Any):
    settings.ROOT_URLCONF = URLs
    use_steps(settings, "look", "refuse")
    assert client.post("/looking/login/", BOB).status_code == 400
    assert [attempt.user.first_name for attempt in seen] == [""]
    use_steps(settings, "look")
    assert client.post("/looking/login/", BOB).status_code == 200
    assert len(seen) == 3


def test_a_client_that_names_no_device_goes_by_its_user_agent(client: Any, user: Any, settings: Any):
    use_steps(settings, "look")
    client.post("/api/auth/login/", BOB, HTTP_USER_AGENT="curl")
    assert [attempt.device for attempt in seen] == ["curl"]


def bind_to_staff(attempt: LoginAttempt) -> None:
    look(attempt)
    attempt.bind(Q(is_staff=True))
    attempt.bind(Q(first_name=""))


@pytest.mark.parametrize("url", ["/api/auth/login/", "/contracts/presence/user/login/"])
@pytest.mark.parametrize("changed", [{"is_staff": False}, {"first_name": "Robert"}])
def test_nothing_is_granted_unless_the_step_s_condition_holds(
    client: Any, user: Any, settings: Any, url: str, changed: Any
):
    use_steps(settings, "bind_to_staff")
    User.objects.update(is_staff=True)
    assert client.post(url, BOB).status_code == 200
    AuthToken.objects.all().delete()
    Presence.objects.all().delete()
    User.objects.update(**changed)
    assert client.post(url, BOB).status_code == 400
    assert not AuthToken.objects.exists()
    assert not Presence.objects.exists()


# What was checked is what the grant is bound to


def meanwhile(monkeypatch: Any, what: Callable[[], Any]) -> list[str]:
    """Something happens once, after the first look at the password; one entry for each look."""
    real = PasswordFactor.verify
    looks: list[str] = []

    def verify(*arguments: Any) -> Any:
        found = real(*arguments)
        looks.append("")
        if len(looks) == 1:
            what()
        return found

    monkeypatch.setattr(PasswordFactor, "verify", verify)
    return looks


def better_hash() -> None:
    User.objects.update(password=make_password(PASSWORD))


@pytest.mark.parametrize("url", ["/api/auth/login/", "/contracts/presence/user/login/"])
def test_a_better_hash_meanwhile_asks_no_step_twice(client: Any, user: Any, settings: Any, monkeypatch: Any, url: str):
    use_steps(settings, "look", THROTTLE_RATES=only(login_account="1/min"))
    looks = meanwhile(monkeypatch, better_hash)
    assert client.post(url, BOB).status_code == 200
    assert (len(looks), len(seen)) == (2, 1)


def test_another_password_meanwhile_grants_nothing(user: Any, monkeypatch: Any):
    meanwhile(monkeypatch, lambda: User.objects.update(password=make_password("another")))
    with pytest.raises(InvalidCredentials):
        accounts.log_in(**BOB)
    assert not AuthToken.objects.exists()


def test_presence_is_not_granted_after_a_change_meanwhile(client: Any, user: Any, monkeypatch: Any):
    for changed in [{"password": make_password("another")}, {"password": user.password, "is_active": False}]:
        with monkeypatch.context() as patch:
            meanwhile(patch, lambda changed=changed: User.objects.update(**changed))  # type: ignore[misc]
            assert client.post("/contracts/presence/user/login/", BOB).status_code in {400, 401}
    assert not Presence.objects.exists()


def test_the_steps_of_one_user_let_no_other_user_in(user: Any, monkeypatch: Any):
    def rename() -> None:
        User.objects.filter(pk=user.pk).update(username="robert", password=make_password("another"))
        User.objects.create_user("bob", password=PASSWORD)

    meanwhile(monkeypatch, rename)
    with pytest.raises(CredentialsOutdated):
        accounts.log_in(**BOB)
    assert not AuthToken.objects.exists()


# Without HTTP


def test_without_http_a_login_is_one_call(user: Any):
    issued = accounts.log_in(**BOB, ip_address="192.0.2.1", device="job", extra={"code": "1"})
    assert sessions.resume(issued.secret).user == user
    (session,) = sessions.active(user)
    assert (session.device, session.ip_address) == ("job", "192.0.2.1")
    assert accounts.log_in(email="BOB@example.com", password=PASSWORD)


def test_without_http_networks_count_as_with_it(user: Any, settings: Any):
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
    """A first factor that names nobody."""

    identifier = ""

    def __init__(self, user: Any) -> None:
        self.user = user

    def verify(self, request: Any) -> tuple[Any, Q]:
        if self.user is None:
            raise InvalidCredentials
        return self.user, Q()


def test_a_first_factor_that_names_nobody_is_not_counted(user: Any, settings: Any):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="1/min", login_identifier="1/min")}
    for _ in range(3):
        with pytest.raises(InvalidCredentials):
            login.run(Badge(None), login.start_session)
        assert login.run(Badge(user), login.start_session).row.user == user


def test_another_first_factor_is_bound_to_its_own_condition(user: Any):
    def change(attempt: LoginAttempt) -> None:
        User.objects.update(password=make_password("another"))

    assert login.run(Badge(user), login.start_session, steps=[change])


# What is sent


@pytest.fixture
def sent() -> Iterator[list[tuple[str, Any, Any]]]:
    """``(signal, user or name, code)``."""
    heard: list[tuple[str, Any, Any]] = []

    def ours(user: Any, code: str, **facts: Any) -> None:
        heard.append(("login_failed", user, code))

    def djangos(credentials: Any, request: Any, **kwargs: Any) -> None:
        heard.append(("user_login_failed", credentials["username"], None))

    def success(user: Any, **kwargs: Any) -> None:
        heard.append(("user_logged_in", user, None))

    connections = [
        (signals.login_failed, ours),
        (user_login_failed, djangos),
        (user_logged_in, success),
    ]
    for signal, receiver in connections:
        signal.connect(receiver)
    yield heard
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


def test_a_challenge_locks_nobody_out_of_other_packages(user: Any, settings: Any, sent: list[Any]):
    use_steps(settings, "challenge")
    with pytest.raises(ChallengeRequired) as refused:
        accounts.log_in(**BOB)
    assert sent == [("login_failed", user, "challenge_required")]
    assert pickle.loads(pickle.dumps(refused.value)).data == {"methods": ["code"]}


def test_a_login_that_passes_is_not_sent_as_failed(user: Any, settings: Any, sent: list[Any]):
    use_steps(settings, "look")
    accounts.log_in(**BOB)
    assert sent == [("user_logged_in", user, None)]


def test_a_throttled_login_is_no_failed_one(user: Any, settings: Any, sent: list[Any]):
    settings.SIMPLE_AUTH = {"THROTTLE_RATES": only(login_account="1/min")}
    with pytest.raises(InvalidCredentials):
        accounts.log_in(username="bob", password="wrong")
    sent.clear()
    with pytest.raises(TooManyAttempts):
        accounts.log_in(**BOB)
    assert sent == []
