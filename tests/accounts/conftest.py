from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _no_attempts_seen() -> Iterator[None]:
    """Each test starts with an empty list of login attempts."""
    yield
    from tests.support.steps import seen

    seen.clear()


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each run of the password hasher."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    runs = []
    real = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        runs.append(salt)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    return runs


@pytest.fixture
def _required(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": "required"}


@pytest.fixture
def _optional(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"EMAIL_VERIFICATION": "optional"}


@pytest.fixture
def _closed(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"REGISTRATION": "closed"}


@pytest.fixture
def _invite(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"REGISTRATION": "invite"}


@pytest.fixture
def _verify_first(mailbox: Any, settings: Any) -> None:
    settings.SIMPLE_AUTH |= {"REGISTRATION": "verify_first"}


@pytest.fixture
def invitation(_invite: None, mailbox: Any) -> str:
    """The token of an invitation to Ann@example.com."""
    from django_simple_auth import accounts
    from tests.support.messages import secret_in

    accounts.invite("Ann@example.com")
    return secret_in(mailbox.pop())


@pytest.fixture
def sent() -> Iterator[list[tuple[Any, str]]]:
    """``(user, way)`` of every ``password_changed``."""
    from django_simple_auth import signals

    received: list[tuple[Any, str]] = []

    def receive(user: Any, way: str, **facts: Any) -> None:
        received.append((user, way))

    signals.password_changed.connect(receive)
    yield received
    signals.password_changed.disconnect(receive)


@pytest.fixture
def save_ends_tokens(user: Any, sent: Any, django_capture_on_commit_callbacks: Any) -> Callable[..., bool]:
    """Run ``save`` for a user who has a session and a reset link.

    Returns True if both end and ``password_changed`` is sent; False if none of that happens.
    """
    from django.contrib.auth import get_user_model

    from django_simple_auth import sessions
    from django_simple_auth.models import AuthToken, OneTimeToken
    from django_simple_auth.tokens import links

    users = get_user_model().objects

    def save_ends_tokens(save: Callable[[Any], None], instance: Any = None) -> bool:
        instance = user if instance is None else instance
        sessions.start(users.get())
        links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", users.get())
        with django_capture_on_commit_callbacks(execute=True):
            save(instance)
        remaining = (AuthToken.objects.count(), OneTimeToken.objects.count(), len(sent))
        assert remaining in {(0, 0, 1), (1, 1, 0)}
        assert sent in ([], [(instance, "elsewhere")])
        return not AuthToken.objects.exists()

    return save_ends_tokens
