from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.signals import user_logged_out
from django.test import Client

from tests.support.client import PASSWORD


@pytest.fixture
def admin(db: None) -> Client:
    """Logged in as the superuser ``root``."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", password=PASSWORD))
    return client


@pytest.fixture
def staff(db: None) -> Callable[..., Client]:
    """Logs in a member of staff, ``ann``, who has these permissions."""
    # pytest loads this file before Django's apps are ready.
    from django.contrib.auth.models import Permission

    def log_in(*permissions: str) -> Client:
        person = get_user_model().objects.create_user("ann", is_staff=True)
        for permission in permissions:
            app, codename = permission.split(".")
            person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client = Client()
        client.force_login(person)
        return client

    return log_in


@pytest.fixture
def sent() -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The signals sent about ended tokens and reset links, and the user of each ``user_logged_out``."""
    from django_simple_auth import signals

    heard: list[tuple[str, dict[str, Any]]] = []

    def hear(sender: Any, user: Any, request: Any, signal: Any, **facts: Any) -> None:
        name = getattr(signal, "name", "user_logged_out")
        assert request.user.is_staff
        heard.append((name, facts if name != "user_logged_out" else {"user": user.username}))

    listened = [signals.session_ended, signals.key_deleted, signals.password_reset_requested, user_logged_out]
    for signal in listened:
        signal.connect(hear)
    yield heard
    for signal in listened:
        signal.disconnect(hear)
