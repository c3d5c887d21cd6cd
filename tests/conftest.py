from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from asgiref.local import Local

ROOT = Path(__file__).resolve().parent.parent
# At the end, so that an installed package is tested rather than the checkout.
sys.path.append(str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

from django.conf import settings  # noqa: E402

# pytest-django checks whether the settings are loaded, which happens at the first access.
assert settings.INSTALLED_APPS


@pytest.fixture(autouse=True)
def _clean_slate() -> Iterator[None]:
    """No test sees the counters or the deferred work of another."""
    from django.core.cache import cache

    from django_simple_auth.db import deferred
    from django_simple_auth.throttling import attempts

    cache.clear()
    attempts._memory.cache.clear()
    deferred._pending.set(())
    yield
    cache.clear()


@pytest.fixture
def client() -> Any:
    from tests.support.client import Client

    return Client()


@pytest.fixture
def user(db: None) -> Any:
    from django.contrib.auth import get_user_model

    from tests.support.client import PASSWORD

    return get_user_model().objects.create_user("bob", "bob@example.com", PASSWORD)


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch, settings: Any, db: None) -> Any:
    """The e-mails that were sent. They are sent immediately and in this thread, so that a test can see them."""
    from django.core import mail as django_mail

    from django_simple_auth.mail import delivery

    settings.SIMPLE_AUTH = {"PUBLIC_URL": "https://www.example.com", "THROTTLE_RATES": {}}
    monkeypatch.setattr(delivery, "_after_commit", lambda work, using: work())
    return django_mail.outbox


@pytest.fixture
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """E-mails are sent by threads, as with a mail server."""
    from django_simple_auth.mail import delivery

    monkeypatch.setattr(delivery, "_may_hang", lambda: True)


@pytest.fixture
def count_in_database(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """Attempts are counted in rows although the test runs in a transaction, which rolls them back."""
    from django_simple_auth.throttling import attempts

    monkeypatch.setattr(attempts, "is_in_transaction", lambda using: False)


@pytest.fixture
def use_mailer(settings: Any) -> Any:
    """Set the mail backend, with the settings that this version of Django has for that."""
    import django

    def use(backend: str, **options: Any) -> None:
        new = {"MAILERS": {"default": {"BACKEND": backend, "OPTIONS": options}}}
        old = {"EMAIL_BACKEND": backend} | {f"EMAIL_{name.upper()}": value for name, value in options.items()}
        for name, value in (new if django.VERSION >= (6, 1) else old).items():
            setattr(settings, name, value)

    return use


@pytest.fixture
def use_tasks(settings: Any) -> Iterator[Any]:
    """Set TASKS: a backend of Django, as ``("dummy.DummyBackend", QUEUES=[...])``, or any value."""
    # Django has tasks from 6.0 on; for older versions there is a package.
    tasks = import_module("django.tasks" if find_spec("django.tasks") else "django_tasks")
    backends = tasks.task_backends

    def use(setting: Any, **more: Any) -> None:
        if isinstance(setting, str):
            setting = {"default": {"BACKEND": f"{tasks.__name__}.backends.{setting}", **more}}
        settings.TASKS = setting
        forget()

    def forget() -> None:
        backends._settings = None
        backends.__dict__.pop("settings", None)
        vars(backends)["_connections"] = Local()

    yield use
    forget()


@pytest.fixture
def failures() -> Iterator[list[dict[str, Any]]]:
    """The facts of every ``mail_failed``."""
    from django_simple_auth import signals

    received: list[dict[str, Any]] = []

    def receive(signal: Any, sender: Any, **facts: Any) -> None:
        received.append(facts)

    signals.mail_failed.connect(receive)
    yield received
    signals.mail_failed.disconnect(receive)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock that ``passes`` time on demand."""

    from datetime import timedelta

    from django_simple_auth.db import clock as system_clock

    class Clock:
        offset = timedelta()

        def passes(self, **duration: float) -> None:
            self.offset += timedelta(**duration)

    clock = Clock()
    real = system_clock.now
    monkeypatch.setattr(system_clock, "now", lambda: real() + clock.offset)
    return clock
