"""Races with real threads and real commits. The tests of each module also force the bad interleaving."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections

from django_simple_auth import sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken, Identifier, OneTimeToken, RetiredToken
from django_simple_auth.tokens import links
from tests.support import rivals
from tests.support.client import PASSWORD, Client
from tests.support.services import RedisServer, redis_cache

User = get_user_model()
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(tasks: list[Callable[[], Any]]) -> list[Any]:
    """Run all tasks in threads that start together; returns what each of them returned."""
    barrier = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return task()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return [future.result() for future in [pool.submit(run, task) for task in tasks]]


def registration(username: str, email: str) -> Callable[[], Any]:
    body = {"username": username, "email": email, "password": PASSWORD}
    return lambda: Client().post("/api/auth/register/", body)


@pytest.mark.parametrize("spellings", [["bob"], ["bob", "BOB", "Bob", "ｂｏｂ"]], ids=["same", "variants"])
def test_one_username_gets_one_account(spellings: list[str]):
    responses = at_once([registration(spellings[n % len(spellings)], f"user{n}@example.com") for n in range(20)])
    assert Counter(response.status_code for response in responses) == {201: 1, 400: 19}
    for response in responses:
        if response.status_code == 400:
            assert response.json() == {"username": ["A user with that username already exists."]}
    assert User.objects.count() == 1
    assert Identifier.objects.count() == 2


@pytest.mark.parametrize("spellings", [["x@example.com"], ["x@example.com", "X@EXAMPLE.COM"]], ids=["same", "variants"])
def test_one_email_gets_one_account(spellings: list[str]):
    responses = at_once([registration(f"user{n}", spellings[n % len(spellings)]) for n in range(20)])
    assert Counter(response.status_code for response in responses) == {201: 1, 400: 19}
    for response in responses:
        if response.status_code == 400:
            assert response.json() == {"email": ["A user with that email already exists."]}
    assert User.objects.count() == 1
    assert Identifier.objects.count() == 2


@pytest.mark.parametrize("names", ["same", "different"])
def test_one_invitation_gets_one_account(settings: Any, names: str):
    settings.SIMPLE_AUTH = {"REGISTRATION": "invite", "THROTTLE_RATES": {}}
    secret = links.issue(OneTimeToken.Purpose.INVITE, "ann@example.com")
    body = {"username": "ann", "email": "ann@example.com", "password": PASSWORD, "invitation": secret}
    bodies = [body if names == "same" else {**body, "username": f"ann{n}"} for n in range(10)]
    responses = at_once([lambda body=body: Client().post("/api/auth/register/", body) for body in bodies])
    assert Counter(response.status_code for response in responses) == {201: 1, 400: 9}
    for response in responses:
        if response.status_code == 400:
            assert response.json() == {"invitation": ["This link is invalid or has expired."]}
    assert User.objects.count() == 1
    assert not OneTimeToken.objects.exists()


def test_neutral_registrations_of_one_email_get_one_answer(settings: Any):
    settings.SIMPLE_AUTH = {"REGISTRATION": "verify_first", "THROTTLE_RATES": {}}
    responses = at_once([registration(f"user{n}", "x@example.com") for n in range(10)])
    assert Counter((response.status_code, response.content) for response in responses).total() == 10
    assert len({(response.status_code, response.content) for response in responses}) == 1
    assert User.objects.count() == 1


def test_conflicting_names_leave_no_partial_account():
    responses = at_once([registration(f"user{n % 3}", f"user{(n + n // 3) % 3}@example.com") for n in range(18)])
    made = Counter(response.status_code for response in responses)
    assert set(made) <= {201, 400}
    assert User.objects.count() == made[201] >= 1
    assert Identifier.objects.count() == 2 * made[201]


def test_unrelated_registrations_all_succeed():
    responses = at_once([registration(f"user{n}", f"user{n}@example.com") for n in range(20)])
    assert Counter(response.status_code for response in responses) == {201: 20}


def test_logins_above_the_limit_leave_exactly_the_limit(settings: Any):
    settings.SIMPLE_AUTH = {"MAX_TOKENS_PER_USER": 3, "THROTTLE_RATES": {}}
    User.objects.create_user("bob", password=PASSWORD)
    body = {"username": "bob", "password": PASSWORD}
    responses = at_once([lambda: Client().post("/api/auth/login/", body)] * 12)
    assert Counter(response.status_code for response in responses) == {200: 12}
    assert AuthToken.objects.count() == 3


def test_a_logout_beats_requests_that_record_their_use(monkeypatch: Any):
    from datetime import timedelta

    user = User.objects.create_user("bob")
    secret = sessions.start(user).secret
    real = system_clock.now
    monkeypatch.setattr(system_clock, "now", lambda: real() + timedelta(minutes=2))

    def call(method: str, path: str) -> int:
        client = Client()
        client.token = secret
        status: int = client.send(method, f"/api/auth/{path}/").status_code
        return status

    statuses = at_once([lambda: call("POST", "logout")] * 4 + [lambda: call("GET", "me")] * 12)
    assert set(statuses) <= {200, 204, 401}
    assert not AuthToken.objects.exists()


def test_one_rotation_succeeds_and_its_session_stays():
    secret = sessions.start(User.objects.create_user("bob")).secret

    def rotate() -> Any:
        client = Client()
        client.token = secret
        return client.post("/api/auth/token/rotate/")

    responses = at_once([rotate] * 20)
    assert Counter(response.status_code for response in responses) == {200: 1, 401: 19}
    for response in responses:
        if response.status_code == 200:
            assert sessions.resume(response.json()["token"]).pk == AuthToken.objects.get().pk
        else:
            assert response.json()["code"] == "token_invalid"
    assert RetiredToken.objects.count() == 1


def test_a_logout_beats_a_rotation():
    secret = sessions.start(User.objects.create_user("bob")).secret

    def call(path: str) -> int:
        client = Client()
        client.token = secret
        status: int = client.post(f"/api/auth/{path}/").status_code
        return status

    statuses = at_once([lambda: call("token/rotate")] * 5 + [lambda: call("logout")] * 5)
    assert set(statuses) <= {200, 204, 401}
    assert not AuthToken.objects.exists() or 204 not in statuses


def test_simultaneous_logins_of_one_user_all_succeed():
    User.objects.create_user("bob", password=PASSWORD)
    body = {"username": "bob", "password": PASSWORD}
    responses = at_once([lambda: Client().post("/api/auth/login/", body)] * 20)
    assert Counter(response.status_code for response in responses) == {200: 20}
    assert AuthToken.objects.count() == 20


def test_simultaneous_clearing_deletes_no_new_login(settings: Any):
    user = User.objects.create_user("bob")
    for _ in range(40):
        sessions.start(user)
    AuthToken.objects.update(expires_at=system_clock.now())
    at_once([lambda: sum(sessions.clear_expired(batch_size=3))] * 2 + [lambda: sessions.start(user)] * 10)
    assert AuthToken.objects.count() == 10


@pytest.mark.parametrize("store", ["cache", "database"])
def test_a_limit_admits_exactly_its_rate(settings: Any, store: str):
    settings.SIMPLE_AUTH = {"THROTTLE_STORE": store, "THROTTLE_RATES": {"login": "5/min"}}
    body = {"username": "nobody", "password": PASSWORD}
    responses = at_once([lambda: Client().post("/api/auth/login/", body)] * 30)
    assert Counter(response.status_code for response in responses) == {400: 5, 429: 25}


@pytest.mark.parametrize("store", ["redis", "database"])
def test_a_limit_admits_its_rate_to_several_processes(settings: Any, tmp_path: Path, store: str):
    project: dict[str, Any] = {
        "DATABASE": connection.settings_dict["NAME"],
        "SIMPLE_AUTH": {"THROTTLE_STORE": "database", "THROTTLE_RATES": {"login": "5/hour"}},
    }
    with ExitStack() as stack:
        if store == "redis":
            server = RedisServer(tmp_path)
            stack.callback(server.kill)
            project |= {"SIMPLE_AUTH": {"THROTTLE_RATES": {"login": "5/hour"}}, "CACHES": redis_cache(server.location)}
        processes = [stack.enter_context(rivals.start(project)) for _ in range(3)]
        rivals.begin(processes)
        assert sum(rivals.outcome(process) for process in processes) == 5


@pytest.mark.parametrize("spellings", [["ann"], ["ann", "ANN", "ａｎｎ"]], ids=["same", "variants"])
def test_one_of_several_renames_to_a_name_succeeds(spellings: list[str]):
    secrets = [sessions.start(User.objects.create_user(f"user{n}")).secret for n in range(12)]

    def change(n: int) -> Any:
        client = Client()
        client.token = secrets[n]
        return client.send("PATCH", "/api/auth/me/", {"username": spellings[n % len(spellings)]})

    responses = at_once([lambda n=n: change(n) for n in range(12)])  # type: ignore[misc]
    assert Counter(response.status_code for response in responses) == {200: 1, 400: 11}
    for response in responses:
        if response.status_code == 400:
            assert response.json() == {"username": ["A user with that username already exists."]}
    assert User.objects.filter(username__startswith="user").count() == 11
    assert Identifier.objects.count() == 12


def test_a_deletion_during_logins_leaves_no_rows():
    secret = sessions.start(User.objects.create_user("bob", password=PASSWORD)).secret
    body = {"username": "bob", "password": PASSWORD}

    def delete() -> int:
        client = Client()
        client.token = secret
        status: int = client.send("DELETE", "/api/auth/me/", {"current_password": PASSWORD}).status_code
        return status

    statuses = at_once([delete] * 3 + [lambda: Client().post("/api/auth/login/", body).status_code] * 9)
    assert Counter(statuses[:3])[204] == 1
    assert set(statuses) <= {200, 204, 400, 401}
    assert not User.objects.exists()
    assert not AuthToken.objects.exists()
    assert not Identifier.objects.exists()


def test_a_reset_link_works_once():
    user = User.objects.create_user("bob", "bob@example.com", PASSWORD)
    secret = links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)
    chosen = [f"canary-Battery-Staple-{n}" for n in range(10)]
    responses = at_once(
        [
            lambda new=new: Client().post("/api/auth/password/reset/confirm/", {"token": secret, "new_password": new})
            for new in chosen
        ]
    )
    assert Counter(response.status_code for response in responses) == {204: 1, 400: 9}
    assert not OneTimeToken.objects.exists()
    assert len([new for new in chosen if User.objects.get().check_password(new)]) == 1


def test_of_simultaneously_issued_links_one_is_valid():
    user = User.objects.create_user("bob", "bob@example.com", PASSWORD)
    at_once([lambda: links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)] * 10)
    assert OneTimeToken.objects.count() == 1


def test_no_login_with_the_old_password_survives():
    user = User.objects.create_user("bob", "bob@example.com", PASSWORD)
    kept = sessions.start(user)
    body = {"username": "bob", "password": PASSWORD}

    def change() -> int:
        client = Client()
        client.token = kept.secret
        new = {"current_password": PASSWORD, "new_password": "canary-Battery-Staple-8"}
        status: int = client.post("/api/auth/password/change/", new).status_code
        return status

    results = at_once([lambda: Client().post("/api/auth/login/", body).status_code] * 10 + [change])
    assert results[-1] == 204
    assert set(results) <= {200, 204, 400}
    assert list(AuthToken.objects.values_list("pk", flat=True)) == [kept.row.pk]


def test_one_of_several_users_verifies_a_new_email():
    people = [User.objects.create_user(f"user{n}", f"user{n}@example.com") for n in range(6)]
    secrets = [links.issue(OneTimeToken.Purpose.CHANGE, "new@example.com", user) for user in people]
    responses = at_once(
        [lambda token=token: Client().post("/api/auth/email/verify/", {"token": token}) for token in secrets]
    )
    assert Counter(response.status_code for response in responses) == {204: 1, 400: 5}
    assert User.objects.filter(email="new@example.com").count() == 1


def test_an_email_change_link_works_once():
    user = User.objects.create_user("bob", "bob@example.com")
    secret = links.issue(OneTimeToken.Purpose.CHANGE, "new@example.com", user)
    responses = at_once([lambda: Client().post("/api/auth/email/verify/", {"token": secret})] * 10)
    assert Counter(response.status_code for response in responses) == {204: 1, 400: 9}
