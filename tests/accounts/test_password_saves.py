"""A save that writes another password: in which database, and when it comes to be another one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import connections, models
from django.db.utils import ConnectionHandler

from django_simple_auth import sessions
from django_simple_auth.models import AuthToken, OneTimeToken
from django_simple_auth.tokens import links

User = get_user_model()
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.fixture
def other(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """The alias of a second database with all tables."""
    handler = ConnectionHandler(
        {"default": {}, "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "db"}}
    )
    connections.settings["other"] = handler.settings["other"]
    # Django's test cases know only the databases that are there when they begin.
    vars(connections["other"])["ensure_connection"] = lambda: (
        connections["other"].connection or connections["other"].connect()
    )
    call_command("migrate", database="other", verbosity=0)
    yield "other"
    connections["other"].close()
    del connections["other"], connections.settings["other"]


def tokens(database: str) -> tuple[int, int]:
    return AuthToken.objects.using(database).count(), OneTimeToken.objects.using(database).count()


def test_tokens_end_in_the_database_that_is_saved_to(user: Any, other: str):
    sessions.start(user)
    links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)
    ann = User.objects.db_manager(other).create_user("ann", password="canary-old", id=user.pk)
    moments = {"created_at": NOW, "expires_at": NOW}
    AuthToken.objects.using(other).create(user=ann, digest=bytes(32), last_used_at=NOW, **moments)
    OneTimeToken.objects.using(other).create(user=ann, purpose="reset", digest=bytes(32), **moments)
    ann.set_password("canary-new")
    ann.save(using=other)
    assert (tokens(other), tokens("default")) == ((0, 0), (1, 1))


@pytest.mark.parametrize("update_fields", [None, ["password"]])
def test_a_receiver_that_comes_later_may_change_the_password(user: Any, update_fields: Any):
    def change(instance: Any, **kwargs: Any) -> None:
        instance.password = make_password("canary-new")

    sessions.start(user)
    models.signals.pre_save.connect(change, sender=User)
    user.save(update_fields=update_fields)
    models.signals.pre_save.disconnect(change, sender=User)
    assert not AuthToken.objects.exists()


def test_a_receiver_that_comes_later_may_take_the_change_back(user: Any):
    before = user.password

    def restore(instance: Any, **kwargs: Any) -> None:
        instance.password = before

    sessions.start(user)
    user.set_password("canary-new")
    models.signals.pre_save.connect(restore, sender=User)
    user.save()
    models.signals.pre_save.disconnect(restore, sender=User)
    assert AuthToken.objects.exists()
