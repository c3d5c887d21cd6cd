from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import LinkInvalid
from django_simple_auth.models import OneTimeToken
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import links

Purpose = OneTimeToken.Purpose
ADDRESS = "bob@example.com"


def is_good(secret: str, purpose: OneTimeToken.Purpose = Purpose.RESET) -> bool:
    try:
        links.find(secret, purpose)
    except LinkInvalid:
        return False
    return True


@pytest.mark.parametrize("purpose", Purpose)
def test_a_secret_has_a_tokens_form_under_a_prefix_of_its_own(user: Any, purpose: OneTimeToken.Purpose):
    secret = links.issue(purpose, ADDRESS, user)
    assert token_format.is_well_formed(secret)
    assert token_format.purpose_of(secret) is None
    assert len(set(links.PREFIXES.values()) | set(token_format.PREFIXES.values())) == 7


def test_only_its_digest_is_kept(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    row = OneTimeToken.objects.get()
    assert row.digest == token_format.digest(secret)
    assert secret not in f"{row!r}{vars(row)}"
    assert str(row) == f"password reset {row.pk}"


def test_finding_does_not_use_it_up_and_redeeming_does(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    assert is_good(secret)
    row = links.find(secret, Purpose.RESET, Purpose.VERIFY)
    assert (row.user, row.email) == (user, ADDRESS)
    links.redeem(row)
    assert not is_good(secret)
    with pytest.raises(LinkInvalid):
        links.redeem(row)


def test_it_is_good_for_nothing_else(user: Any):
    assert not is_good(links.issue(Purpose.VERIFY, ADDRESS, user), Purpose.RESET)


def test_what_cannot_be_one_costs_no_query(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    with CaptureQueriesContext(connection) as queries:
        for wrong in ["", "dsp_", secret[:-1] + "!", secret.replace("dsp_", "dsa_"), token_format.generate("dsv")]:
            assert not is_good(wrong)
    assert len(queries) == 0


def test_it_dies_with_its_time(user: Any, monkeypatch: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    row = links.find(secret, Purpose.RESET)
    real = system_clock.now
    monkeypatch.setattr(system_clock, "now", lambda: real() + timedelta(minutes=29))
    assert is_good(secret)
    monkeypatch.setattr(system_clock, "now", lambda: real() + timedelta(minutes=30))
    assert not is_good(secret)
    with pytest.raises(LinkInvalid):
        links.redeem(row)


def test_only_the_newest_of_a_purpose_is_good(user: Any):
    other = get_user_model().objects.create_user("eve")
    first, proof = links.issue(Purpose.RESET, ADDRESS, user), links.issue(Purpose.VERIFY, ADDRESS, user)
    others = links.issue(Purpose.RESET, "eve@example.com", other)
    second = links.issue(Purpose.RESET, "elsewhere@example.com", user)
    assert [is_good(secret) for secret in (first, second, others)] == [False, True, True]
    assert is_good(proof, Purpose.VERIFY)


def test_only_the_newest_to_an_address_that_has_no_account(db: None):
    first, second = links.issue(Purpose.INVITE, ADDRESS), links.issue(Purpose.INVITE, ADDRESS)
    elsewhere = links.issue(Purpose.INVITE, "eve@example.com")
    assert [is_good(secret, Purpose.INVITE) for secret in (first, second, elsewhere)] == [False, True, True]


def test_a_way_back_outlives_one_to_another_address(user: Any):
    mine, thiefs = links.issue(Purpose.REVERT, ADDRESS, user), links.issue(Purpose.REVERT, "x@example.com", user)
    assert is_good(mine, Purpose.REVERT)
    assert is_good(thiefs, Purpose.REVERT)


def test_a_disabled_account_cannot_use_it(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    get_user_model().objects.update(is_active=False)
    assert not is_good(secret)


def test_withdrawn_is_withdrawn(user: Any):
    reset, proof = links.issue(Purpose.RESET, ADDRESS, user), links.issue(Purpose.VERIFY, ADDRESS, user)
    links.revoke(user, Purpose.RESET)
    assert not is_good(reset)
    assert is_good(proof, Purpose.VERIFY)


def test_there_is_none_for_a_user_who_has_gone(user: Any):
    get_user_model().objects.all().delete()
    with pytest.raises(LinkInvalid):
        links.issue(Purpose.RESET, ADDRESS, user)


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.CHANGE])
def test_there_is_none_that_a_new_password_would_have_withdrawn(user: Any, purpose: OneTimeToken.Purpose):
    late = get_user_model().objects.get()
    user.set_password("canary-Battery-Staple-8")
    user.save()
    with pytest.raises(LinkInvalid):
        links.issue(purpose, ADDRESS, late)


def test_the_dead_are_deleted_batch_by_batch(user: Any):
    for purpose in Purpose:
        links.issue(purpose, ADDRESS, user)
    OneTimeToken.objects.exclude(purpose=Purpose.RESET).update(expires_at=system_clock.now())
    assert links.count_expired() == 4
    assert list(links.clear_expired(batch_size=3)) == [3, 1]
    assert OneTimeToken.objects.get().purpose == Purpose.RESET


def test_what_is_reserved_has_its_place_before_its_secret(user: Any):
    row_id = links.reserve(Purpose.REVERT, ADDRESS, user)
    later = links.issue(Purpose.REVERT, "x@example.com", user)
    first, second = (links.renew(Purpose.REVERT, str(row_id)) for _ in range(2))
    assert [is_good(secret, Purpose.REVERT) for secret in (first, second, later)] == [False, True, True]
    assert links.find(second, Purpose.REVERT).pk == row_id < links.find(later, Purpose.REVERT).pk


def test_what_has_been_used_or_withdrawn_gets_no_other_secret(user: Any):
    row_id = links.reserve(Purpose.REVERT, ADDRESS, user)
    with pytest.raises(LinkInvalid):
        links.renew(Purpose.RESET, str(row_id))
    links.revoke(user, Purpose.REVERT)
    with pytest.raises(LinkInvalid):
        links.renew(Purpose.REVERT, str(row_id))
