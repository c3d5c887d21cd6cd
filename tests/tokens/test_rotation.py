from __future__ import annotations

from typing import Any

import pytest

from django_simple_auth import sessions, signals
from django_simple_auth.db import deferred
from django_simple_auth.exceptions import TokenInvalid
from django_simple_auth.models import AuthToken, RetiredToken
from django_simple_auth.tokens import issuing, rotation, store


def test_a_rotated_token_is_another_secret_for_the_same_session(user: Any, clock: Any):
    issued = sessions.start(user, device="phone")
    before = AuthToken.objects.get()
    clock.passes(seconds=30)
    rotated = rotation.rotate(issued.row)
    after = sessions.resume(rotated.secret)
    assert rotated.secret != issued.secret
    kept = ("pk", "user", "name", "purpose", "created_at", "expires_at", "last_used_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)


def test_a_late_rotation_changes_nothing(user: Any):
    issued = sessions.start(user)
    late = AuthToken.objects.get()
    rotated = rotation.rotate(issued.row)
    with pytest.raises(TokenInvalid):
        rotation.rotate(late)
    assert sessions.resume(rotated.secret)
    assert RetiredToken.objects.count() == 1


def test_an_ended_session_cannot_be_rotated(user: Any):
    issued = sessions.start(user)
    sessions.end(issued.row)
    with pytest.raises(TokenInvalid):
        rotation.rotate(issued.row)
    assert not AuthToken.objects.exists()
    assert not RetiredToken.objects.exists()


def test_a_key_stays_a_key_when_it_is_rotated(user: Any):
    rotated = rotation.rotate(issuing.issue(user, AuthToken.Purpose.KEY).row)
    assert rotated.secret.startswith("dsk_")
    assert sessions.resume(rotated.secret)


def test_reuse_within_the_grace_period_ends_nothing(user: Any, clock: Any):
    issued = sessions.start(user)
    rotated = rotation.rotate(issued.row)
    clock.passes(seconds=9)
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)
    assert sessions.resume(rotated.secret)


@pytest.mark.parametrize("rotations", [1, 3])
def test_reuse_ends_the_session_after_any_rotation(user: Any, clock: Any, rotations: int):
    bystander = sessions.start(user)
    issued = sessions.start(user)
    latest = issued
    for _ in range(rotations):
        latest = rotation.rotate(latest.row)
    clock.passes(seconds=11)
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)
    with pytest.raises(TokenInvalid):
        sessions.resume(latest.secret)
    assert AuthToken.objects.get() == bystander.row


def test_reuse_beside_a_rotation_ends_the_session(user: Any, clock: Any, monkeypatch: Any):
    issued = sessions.start(user)
    latest = rotation.rotate(issued.row)
    clock.passes(seconds=11)
    real = store.durably

    def be_late(write: Any, using: str) -> Any:
        rotation.rotate(latest.row)
        return real(write, using)

    monkeypatch.setattr(store, "durably", be_late)
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)
    assert not AuthToken.objects.exists()


def test_of_two_reuses_one_sends_the_signal(user: Any, clock: Any, monkeypatch: Any):
    issued = sessions.start(user)
    rotation.rotate(issued.row)
    clock.passes(seconds=11)
    sent = []
    monkeypatch.setattr(signals.token_reused, "send", lambda *args, **facts: sent.append(facts))
    monkeypatch.setattr(store, "durably", lambda write, using: 0)
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)
    deferred.run_pending()
    assert sent == []


def test_reuse_after_logout_ends_nothing(user: Any, clock: Any):
    issued = sessions.start(user)
    rotation.rotate(issued.row)
    sessions.end(issued.row)
    clock.passes(seconds=11)
    bystander = sessions.start(user).row
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)
    assert AuthToken.objects.get() == bystander


def test_clear_expired_deletes_orphaned_retired_tokens(user: Any):
    gone, kept = sessions.start(user), sessions.start(user)
    for _ in range(5):
        gone = rotation.rotate(gone.row)
    rotation.rotate(kept.row)
    sessions.end(gone.row)
    assert list(sessions.clear_expired(batch_size=2)) == []
    assert RetiredToken.objects.get().token == kept.row
