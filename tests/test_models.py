from __future__ import annotations

from datetime import datetime, timezone
from io import StringIO
from typing import Any

import pytest
from django.core import serializers
from django.core.management import call_command

from django_simple_auth import sessions
from django_simple_auth.models import AuthToken, Identifier, RetiredToken


def test_no_migration_is_missing(db: None):
    call_command("makemigrations", "django_simple_auth", check=True, stdout=StringIO())


def test_a_timestamp_keeps_its_microseconds(user: Any):
    moment = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=timezone.utc)
    row = sessions.start(user).row
    AuthToken.objects.update(expires_at=moment)
    row.refresh_from_db()
    assert row.expires_at == moment
    assert AuthToken.objects.filter(expires_at=moment).exists()
    assert not AuthToken.objects.filter(expires_at__lt=moment).exists()


@pytest.mark.parametrize("earlier", [datetime(2000, 1, 1), "2000-01-01T00:00:00Z", "2000-01-01 00:00"])
def test_a_timestamp_compares_like_a_datetime(user: Any, earlier: Any):
    sessions.start(user)
    assert AuthToken.objects.filter(created_at__gt=earlier).exists()
    assert not AuthToken.objects.filter(created_at__lt=earlier).exists()


@pytest.mark.parametrize("kind", ["json", "xml"])
def test_rows_survive_dumping_and_loading(user: Any, kind: str):
    moment = datetime(2026, 1, 1, 12, 30, 15, 250_000, tzinfo=timezone.utc)
    row = sessions.start(user).row
    AuthToken.objects.update(expires_at=moment)
    dumped = serializers.serialize(kind, AuthToken.objects.all())
    AuthToken.objects.all().delete()
    for loaded in serializers.deserialize(kind, dumped):
        loaded.save()
    restored = AuthToken.objects.get()
    assert (restored.digest, restored.expires_at) == (row.digest, moment)


def test_rows_have_a_readable_name(user: Any):
    token = sessions.start(user).row
    assert str(token) == f"login {token.pk}"
    sessions.rotate(token)
    retired = RetiredToken.objects.get()
    assert str(retired) == f"retired token {retired.pk}"
    identifier = Identifier.objects.get(kind="email")
    assert str(identifier) == f"e-mail address {identifier.pk}"
