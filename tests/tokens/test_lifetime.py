"""The verdict on a token: a function of its row and the clock, without a database."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import lifetime
from django_simple_auth.tokens.lifetime import Verdict

NOON = datetime(2026, 3, 29, 12, tzinfo=timezone.utc)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
Purpose = AuthToken.Purpose


def token(purpose: AuthToken.Purpose = Purpose.LOGIN, *, is_active: bool = True, **fields: Any) -> AuthToken:
    """A row that is in no database, created and last used at noon."""
    user = get_user_model()(pk=1, is_active=is_active)
    return AuthToken(**{"user": user, "purpose": purpose, "created_at": NOON, "last_used_at": NOON, **fields})


@pytest.fixture(autouse=True)
def _never_ends(settings: Any) -> None:
    settings.TOKEN_EXPIRED_AFTER_SECONDS = None


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_without_an_end_is_live(purpose: AuthToken.Purpose):
    assert lifetime.judge(token(purpose), NOON + timedelta(days=36500)) is Verdict.LIVE


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_expires_at_its_moment(purpose: AuthToken.Purpose):
    row = token(purpose, expires_at=NOON)
    assert lifetime.judge(row, NOON - timedelta(microseconds=1)) is Verdict.LIVE
    assert lifetime.judge(row, NOON) is Verdict.EXPIRED


@pytest.mark.parametrize("limit", ["lifetime", "idle"])
def test_settings_end_logins_and_no_keys(settings: Any, limit: str):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = 120 if limit == "lifetime" else None
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": 120 if limit == "idle" else None}
    for at, verdict in [(NOON + 119 * SECOND, Verdict.LIVE), (NOON + 120 * SECOND, Verdict.EXPIRED)]:
        assert lifetime.judge(token(), at) is verdict
        assert lifetime.judge(token(Purpose.KEY), at) is Verdict.LIVE


def test_use_puts_off_the_idle_end_and_no_other(settings: Any):
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": 120}
    used = token(last_used_at=NOON + MINUTE)
    assert lifetime.judge(used, NOON + 179 * SECOND) is Verdict.LIVE
    assert lifetime.judge(used, NOON + 180 * SECOND) is Verdict.EXPIRED
    used.expires_at = NOON + 2 * MINUTE
    assert lifetime.judge(used, NOON + 2 * MINUTE) is Verdict.EXPIRED


@pytest.mark.parametrize("purpose", Purpose)
def test_an_inactive_users_token_is_not_live(purpose: AuthToken.Purpose):
    assert lifetime.judge(token(purpose, is_active=False), NOON) is Verdict.USER_INACTIVE


def test_expired_comes_before_inactive():
    assert lifetime.judge(token(is_active=False, expires_at=NOON), NOON) is Verdict.EXPIRED


def test_a_use_is_recorded_once_a_minute():
    assert not lifetime.needs_use_recorded(token(), NOON + 59 * SECOND)
    assert lifetime.needs_use_recorded(token(), NOON + 60 * SECOND)


@pytest.mark.parametrize("total", [None, 300])
@pytest.mark.parametrize("idle", [None, 180])
def test_judge_and_the_query_agree_on_every_row(user: Any, settings: Any, total: int | None, idle: int | None):
    settings.TOKEN_EXPIRED_AFTER_SECONDS = total
    settings.SIMPLE_AUTH = {"TOKEN_IDLE_TIMEOUT_SECONDS": idle}
    # Whole minutes from a short span, so that many rows expire at exactly the moment that is compared.
    random, moments = Random(8), [NOON + n * MINUTE for n in range(10)]
    for number in range(200):
        created = random.randrange(10)
        AuthToken(
            user=user,
            purpose=random.choice(Purpose.values),
            digest=number.to_bytes(32, "big"),
            created_at=moments[created],
            last_used_at=random.choice(moments[created:]),
            expires_at=random.choice([None, random.choice(moments)]),
        ).save(force_insert=True)
    rows = list(AuthToken.objects.select_related("user"))
    for at in moments:
        judged = {row.pk for row in rows if lifetime.judge(row, at) is Verdict.EXPIRED}
        assert judged == set(AuthToken.objects.filter(lifetime.expired(at)).values_list("pk", flat=True))
        assert 0 < len(judged) < len(rows)
