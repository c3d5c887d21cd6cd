"""What is stored of a new token, and when it expires."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import issuing, lifetime
from django_simple_auth.tokens.lifetime import Verdict


def test_only_the_sha256_is_stored(user: Any):
    issued = issuing.issue(user)
    row = AuthToken.objects.get()
    assert row.digest == sha256(issued.secret.encode()).digest()
    assert issued.secret not in str(vars(row))


def test_no_repr_shows_the_secret(user: Any):
    issued = issuing.issue(user)
    assert issued.secret not in f"{issued!r} {issued} {issued.row!r} {issued.row}"


def test_a_login_expires_after_the_setting(user: Any, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 90
    row = issuing.issue(user).row
    assert row.expires_at == row.created_at + timedelta(seconds=90)


def test_without_a_lifetime_a_login_never_expires(user: Any, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None
    row = issuing.issue(user).row
    assert row.expires_at is None
    assert lifetime.ends_at(row) is None
    later = row.created_at + timedelta(days=36500)
    assert lifetime.judge(row, later) is Verdict.LIVE
    assert not AuthToken.objects.filter(lifetime.expired(later)).exists()


def test_a_key_outlives_the_lifetime_of_logins(user: Any, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 90
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": 120}
    row = issuing.issue(user, AuthToken.Purpose.KEY).row
    later = row.created_at + timedelta(days=3650)
    assert lifetime.judge(row, later) is Verdict.LIVE
    assert not AuthToken.objects.filter(lifetime.expired(later)).exists()


def test_raising_the_lifetime_revives_nothing(user: Any, settings: Any):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 60
    row = issuing.issue(user).row
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 6000
    assert lifetime.judge(row, row.created_at + timedelta(seconds=60)) is Verdict.EXPIRED


@pytest.mark.parametrize("setting", ["lifetime", "lowered lifetime", "idle"])
def test_judge_and_the_query_agree_on_the_moment(user: Any, settings: Any, setting: str):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 300 if setting == "lifetime" else 100_000
    row = issuing.issue(user).row
    if setting == "lowered lifetime":
        settings.TOKEN_EXPIRED_AFTER_SECONDS = 300
    if setting == "idle":
        settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": 300}
    end = row.created_at + timedelta(seconds=300)
    for at, ended in [(end - timedelta(microseconds=1), False), (end, True)]:
        assert (lifetime.judge(row, at) is Verdict.EXPIRED) is ended
        assert AuthToken.objects.filter(lifetime.expired(at)).exists() is ended
