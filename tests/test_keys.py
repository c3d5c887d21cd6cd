"""API keys: without HTTP, as a client of the native contract sees them, and in a view of a project."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import path
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from django_simple_auth import keys, sessions, signals
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import InvalidValue, KeyNotFound, TokenExpired, TokenInvalid
from django_simple_auth.models import AuthToken
from django_simple_auth.permissions import HasScope
from django_simple_auth.tokens import issuing

API = "/api/auth"
User = get_user_model()


@pytest.fixture
def told() -> Any:
    """The signals sent about keys, with their facts."""
    heard: list[tuple[str, dict[str, Any]]] = []

    def hear(sender: Any, user: Any, request: Any, signal: Any, **facts: Any) -> None:
        heard.append((signal.name, json.loads(json.dumps(facts))))

    kinds = [signals.key_created, signals.key_deleted, signals.key_expires_soon]
    for event in kinds:
        event.connect(hear)
    yield heard
    for event in kinds:
        event.disconnect(hear)


@pytest.fixture
def at_work(client: Any, user: Any) -> Any:
    client.token = sessions.start(user).secret
    return client


def test_a_key_resumes_with_its_user(user: Any):
    issued = keys.create(user, name="backup", scopes=["notes:read", "notes:write"])
    assert issued.secret.startswith("dsk_")
    row = sessions.resume(issued.secret)
    assert (row.user, row.name, row.scopes, row.expires_at) == (user, "backup", "notes:read notes:write", None)


def test_a_key_expires(user: Any, monkeypatch: Any):
    issued = keys.create(user, expires_at=system_clock.now() + timedelta(days=1))
    real = system_clock.now
    monkeypatch.setattr(system_clock, "now", lambda: real() + timedelta(days=1))
    assert keys.active(user) == []
    with pytest.raises(TokenExpired):
        sessions.resume(issued.secret)


def test_a_key_ends_with_its_user(user: Any):
    keys.create(user)
    user.is_active = False
    user.save()
    assert not AuthToken.objects.exists()
    user.is_active = True
    user.save()
    keys.create(user)
    user.delete()
    assert not AuthToken.objects.exists()


def test_a_key_must_expire_in_the_future(user: Any):
    with pytest.raises(InvalidValue) as refused:
        keys.create(user, expires_at=system_clock.now())
    assert refused.value.field == "expires_at"
    assert not AuthToken.objects.exists()


@pytest.mark.parametrize(
    "scopes",
    [[""], [" "], ["a b"], ["a\nb"], ['a"'], ["a\\"], ["ä"], ["a\0"], ["ok", ""], ["x" * 501], ["x" * 250, "y" * 250]],
)
def test_invalid_scopes_are_refused(user: Any, scopes: list[str]):
    with pytest.raises(InvalidValue) as refused:
        keys.create(user, scopes=scopes)
    assert refused.value.field == "scopes"
    assert not AuthToken.objects.exists()


def test_a_repeated_scope_is_stored_once(user: Any):
    assert keys.create(user, scopes=["b", "a", "b"]).row.scopes == "b a"


def test_only_keys_of_the_user_are_listed(user: Any):
    keys.create(User.objects.create_user("eve"))
    sessions.start(user)
    first = keys.create(user, name="first", scopes=["a"])
    second = keys.create(user, name="second")
    assert [(key.id, key.name, key.scopes) for key in keys.active(user)] == [
        (second.row.pk, "second", []),
        (first.row.pk, "first", ["a"]),
    ]


@pytest.mark.parametrize("whose", ["another's", "a login's", "nobody's"])
def test_only_the_users_own_key_can_be_deleted(user: Any, whose: str):
    other = keys.create(User.objects.create_user("eve")).row.pk
    login = sessions.start(user).row.pk
    with pytest.raises(KeyNotFound):
        keys.delete(user, {"another's": other, "a login's": login, "nobody's": 0}[whose])
    assert AuthToken.objects.count() == 2


def test_a_deleted_key_is_invalid(user: Any):
    issued = keys.create(user)
    keys.delete(user, issued.row.pk)
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)


def test_a_user_deleted_meanwhile_gets_no_key(transactional_db: None):
    user = User.objects.create_user("bob")
    User.objects.filter(pk=user.pk).delete()
    with pytest.raises(TokenInvalid):
        keys.create(user)
    assert not AuthToken.objects.exists()


def test_a_user_deactivated_meanwhile_gets_no_key(user: Any):
    stale = User.objects.get()
    user.is_active = False
    user.save()
    with pytest.raises(TokenInvalid):
        keys.create(stale)
    assert not AuthToken.objects.exists()


def test_other_integrity_errors_are_raised(user: Any, monkeypatch: Any):
    def break_down(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("a project's own")

    monkeypatch.setattr(issuing, "issue", break_down)
    with pytest.raises(IntegrityError, match="a project's own"):
        keys.create(user)


def test_creating_and_deleting_a_key_sends_signals(user: Any, told: Any):
    key = keys.create(user, name="backup").row.pk
    keys.delete(user, key)
    assert told == [("authn_token_created", {"key": key}), ("authn_token_delete", {"key": key})]


def test_all_keys_of_a_user_end_at_once_and_logins_stay(user: Any, told: Any):
    keys.create(user)
    keys.create(user)
    stay = [keys.create(User.objects.create_user("eve")).row, sessions.start(user).row]
    told.clear()
    assert [keys.delete_all(user), keys.delete_all(user)] == [2, 0]
    assert list(AuthToken.objects.order_by("pk")) == stay
    assert told == [("authn_token_delete", {"count": 2})]


def test_the_daily_purge_warns_of_keys_that_expire_soon(user: Any, told: Any):
    at = system_clock.now()
    keys.create(user)
    keys.create(user, expires_at=at + timedelta(days=8))
    soon = keys.create(user, expires_at=at + timedelta(days=6)).row
    told.clear()
    call_command("clear_expired_tokens", verbosity=0, dry_run=True)
    assert told == []
    call_command("clear_expired_tokens", verbosity=0)
    assert told == [("authn_token_expires_soon", {"key": soon.pk, "expires_at": soon.expires_at.isoformat()})]


def test_a_key_is_made_listed_and_deleted_by_a_client(at_work: Any):
    end = "2999-12-31T23:59:59Z"
    made = at_work.post(f"{API}/keys/", {"name": "backup", "scopes": ["notes:read"], "expires_at": end})
    row = AuthToken.objects.get(purpose="key")
    created = row.created_at.isoformat().replace("+00:00", "Z")
    assert made.status_code == 201
    assert made.json() == {
        "id": row.pk,
        "name": "backup",
        "key": made.json()["key"],
        "scopes": ["notes:read"],
        "created_at": created,
        "expires_at": end,
    }
    assert sessions.resume(made.json()["key"]) == row
    with CaptureQueriesContext(connection) as queries:
        listed = at_work.get(f"{API}/keys/")
    assert len(queries) == 2
    assert made.json()["key"] not in listed.content.decode()
    assert (listed.status_code, listed.json()) == (
        200,
        [
            {
                "id": row.pk,
                "name": "backup",
                "scopes": ["notes:read"],
                "created_at": created,
                "last_used_at": created,
                "expires_at": end,
            }
        ],
    )
    assert at_work.send("DELETE", f"{API}/keys/{row.pk}/").status_code == 204
    assert at_work.send("DELETE", f"{API}/keys/{row.pk}/").status_code == 404
    assert at_work.get(f"{API}/keys/").json() == []


def test_a_key_needs_only_a_name(at_work: Any):
    made = at_work.post(f"{API}/keys/", {"name": "backup"}).json()
    assert (made["scopes"], made["expires_at"]) == ([], None)
    assert at_work.post(f"{API}/keys/", {"name": "backup", "expires_at": None}).status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("name", value) for value in [None, "", "  ", 7, True, [], {}, "x" * 101, "a\0b", "\ud800"]],
        *[
            ("scopes", value)
            for value in [None, "a", 7, {}, [7], [None], [""], ["a b"], ["\ud800"], ["x" * 501], [["a"]]]
        ],
        *[
            ("expires_at", value)
            for value in ["", "soon", 7, True, [], "2001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "2999-02-30"]
        ],
    ],
)
def test_an_invalid_value_is_400_under_its_field(at_work: Any, field: str, value: Any):
    response = at_work.post(f"{API}/keys/", {"name": "backup", field: value})
    assert response.status_code == 400
    assert set(response.json()) == {field}
    assert all(isinstance(text, str) for text in response.json()[field])


def test_another_users_key_is_404(at_work: Any):
    other = keys.create(User.objects.create_user("eve")).row.pk
    response = at_work.send("DELETE", f"{API}/keys/{other}/")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert AuthToken.objects.filter(pk=other).exists()


def test_extra_fields_change_nothing(at_work: Any):
    eve = User.objects.create_user("eve")
    body = {"name": "backup", "user": eve.pk, "purpose": "login", "digest": "x", "id": 4711}
    assert at_work.post(f"{API}/keys/", body).json()["key"].startswith("dsk_")
    row = AuthToken.objects.get(purpose="key")
    assert (row.user.username, row.pk == 4711) == ("bob", False)


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "keys/"), ("POST", "keys/"), ("DELETE", "keys/1/"), ("GET", "sessions/"), ("DELETE", "sessions/1/")],
)
def test_a_key_cannot_change_the_account(client: Any, user: Any, method: str, path: str):
    client.token = keys.create(user).secret
    assert client.send(method, f"{API}/{path}", {"name": "another"}).status_code == 403
    assert AuthToken.objects.count() == 1


class Notes(APIView):
    """A view of a project."""

    permission_classes = [HasScope("notes:read")]
    schema = None

    def get(self, request: Any) -> Response:
        return Response([])


@pytest.mark.parametrize(
    ("scopes", "status"), [(["notes:read"], 200), (["x", "notes:read"], 200), (["notes"], 403), ([], 403)]
)
def test_a_key_may_do_what_its_scopes_allow(client: Any, user: Any, settings: Any, scopes: list[str], status: int):
    class URLs:
        urlpatterns = [path("notes/", Notes.as_view())]

    settings.ROOT_URLCONF = URLs
    header = f"Token {keys.create(user, scopes=scopes).secret}"
    assert APIClient().get("/notes/", HTTP_AUTHORIZATION=header).status_code == status


def test_a_login_needs_no_scope(user: Any, settings: Any):
    class URLs:
        urlpatterns = [path("notes/", Notes.as_view())]

    settings.ROOT_URLCONF = URLs
    header = f"Token {sessions.start(user).secret}"
    assert APIClient().get("/notes/", HTTP_AUTHORIZATION=header).status_code == 200
    assert APIClient().get("/notes/").status_code == 401
    by_another_class = APIClient()
    by_another_class.force_authenticate(user)
    assert by_another_class.get("/notes/").status_code == 200


def test_a_password_change_prevents_a_new_key(user: Any):
    stale = get_user_model().objects.get()
    user.set_password("canary-Battery-Staple-8")
    user.save()
    with pytest.raises(TokenInvalid):
        keys.create(stale)
    assert not AuthToken.objects.exists()
