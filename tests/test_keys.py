"""API keys, without HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import IntegrityError

from django_simple_auth import keys, sessions, signals
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import InvalidValue, KeyNotFound, TokenExpired, TokenInvalid
from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import issuing

User = get_user_model()


@pytest.fixture
def sent() -> Any:
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


@pytest.mark.parametrize("whose", ["another's", "a login's", "unknown"])
def test_only_the_users_own_key_can_be_deleted(user: Any, whose: str):
    other = keys.create(User.objects.create_user("eve")).row.pk
    login = sessions.start(user).row.pk
    with pytest.raises(KeyNotFound):
        keys.delete(user, {"another's": other, "a login's": login, "unknown": 0}[whose])
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


def test_a_password_change_prevents_a_new_key(user: Any):
    stale = get_user_model().objects.get()
    user.set_password("canary-Battery-Staple-8")
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


def test_creating_and_deleting_a_key_sends_signals(user: Any, sent: Any):
    key = keys.create(user, name="backup").row.pk
    keys.delete(user, key)
    assert sent == [("authn_token_created", {"key": key}), ("authn_token_delete", {"key": key})]


def test_all_keys_of_a_user_end_at_once_and_logins_stay(user: Any, sent: Any):
    keys.create(user)
    keys.create(user)
    stay = [keys.create(User.objects.create_user("eve")).row, sessions.start(user).row]
    sent.clear()
    assert [keys.delete_all(user), keys.delete_all(user)] == [2, 0]
    assert list(AuthToken.objects.order_by("pk")) == stay
    assert sent == [("authn_token_delete", {"count": 2})]


def test_the_daily_purge_warns_of_keys_that_expire_soon(user: Any, sent: Any):
    at = system_clock.now()
    keys.create(user)
    keys.create(user, expires_at=at + timedelta(days=8))
    soon = keys.create(user, expires_at=at + timedelta(days=6)).row
    sent.clear()
    call_command("clear_expired_tokens", verbosity=0, dry_run=True)
    assert sent == []
    call_command("clear_expired_tokens", verbosity=0)
    assert sent == [("authn_token_expires_soon", {"key": soon.pk, "expires_at": soon.expires_at.isoformat()})]
