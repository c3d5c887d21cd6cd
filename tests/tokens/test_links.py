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


def is_valid(secret: str, purpose: OneTimeToken.Purpose = Purpose.RESET) -> bool:
    try:
        links.find(secret, purpose)
    except LinkInvalid:
        return False
    return True


@pytest.mark.parametrize("purpose", Purpose)
def test_a_link_has_a_tokens_form_with_its_own_prefix(user: Any, purpose: OneTimeToken.Purpose):
    secret = links.issue(purpose, ADDRESS, user)
    assert token_format.is_well_formed(secret)
    assert token_format.purpose_of(secret) is None
    assert len(set(links.PREFIXES.values()) | set(token_format.PREFIXES.values())) == 7


def test_only_the_digest_of_a_link_is_stored(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    row = OneTimeToken.objects.get()
    assert row.digest == token_format.digest(secret)
    assert secret not in f"{row!r}{vars(row)}"
    assert str(row) == f"password reset {row.pk}"


def test_a_link_is_used_up_by_redeeming_only(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    assert is_valid(secret)
    row = links.find(secret, Purpose.RESET, Purpose.VERIFY)
    assert (row.user, row.email) == (user, ADDRESS)
    links.redeem(row)
    assert not is_valid(secret)
    with pytest.raises(LinkInvalid):
        links.redeem(row)


def test_a_link_is_valid_for_its_purpose_only(user: Any):
    assert not is_valid(links.issue(Purpose.VERIFY, ADDRESS, user), Purpose.RESET)


def test_a_malformed_link_costs_no_query(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    with CaptureQueriesContext(connection) as queries:
        for wrong in ["", "dsp_", secret[:-1] + "!", secret.replace("dsp_", "dsa_"), token_format.generate("dsv")]:
            assert not is_valid(wrong)
    assert len(queries) == 0


def test_a_link_expires(user: Any, monkeypatch: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    row = links.find(secret, Purpose.RESET)
    real = system_clock.now
    monkeypatch.setattr(system_clock, "now", lambda: real() + timedelta(minutes=29))
    assert is_valid(secret)
    monkeypatch.setattr(system_clock, "now", lambda: real() + timedelta(minutes=30))
    assert not is_valid(secret)
    with pytest.raises(LinkInvalid):
        links.redeem(row)


def test_only_the_newest_link_of_a_purpose_is_valid(user: Any):
    other = get_user_model().objects.create_user("eve")
    first, verification = links.issue(Purpose.RESET, ADDRESS, user), links.issue(Purpose.VERIFY, ADDRESS, user)
    others = links.issue(Purpose.RESET, "eve@example.com", other)
    second = links.issue(Purpose.RESET, "elsewhere@example.com", user)
    assert [is_valid(secret) for secret in (first, second, others)] == [False, True, True]
    assert is_valid(verification, Purpose.VERIFY)


def test_only_the_newest_invitation_to_an_email_is_valid(db: None):
    first, second = links.issue(Purpose.INVITE, ADDRESS), links.issue(Purpose.INVITE, ADDRESS)
    elsewhere = links.issue(Purpose.INVITE, "eve@example.com")
    assert [is_valid(secret, Purpose.INVITE) for secret in (first, second, elsewhere)] == [False, True, True]


def test_a_revert_link_survives_one_to_another_address(user: Any):
    first, second = links.issue(Purpose.REVERT, ADDRESS, user), links.issue(Purpose.REVERT, "x@example.com", user)
    assert is_valid(first, Purpose.REVERT)
    assert is_valid(second, Purpose.REVERT)


def test_an_inactive_users_link_is_invalid(user: Any):
    secret = links.issue(Purpose.RESET, ADDRESS, user)
    get_user_model().objects.update(is_active=False)
    assert not is_valid(secret)


def test_a_revoked_link_is_invalid(user: Any):
    reset, verification = links.issue(Purpose.RESET, ADDRESS, user), links.issue(Purpose.VERIFY, ADDRESS, user)
    links.revoke(user, Purpose.RESET)
    assert not is_valid(reset)
    assert is_valid(verification, Purpose.VERIFY)


def test_a_deleted_user_gets_no_link(user: Any):
    get_user_model().objects.all().delete()
    with pytest.raises(LinkInvalid):
        links.issue(Purpose.RESET, ADDRESS, user)


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.CHANGE])
def test_no_link_survives_a_new_password(user: Any, purpose: OneTimeToken.Purpose):
    late = get_user_model().objects.get()
    user.set_password("canary-Battery-Staple-8")
    user.save()
    with pytest.raises(LinkInvalid):
        links.issue(purpose, ADDRESS, late)


def test_expired_links_are_deleted_in_batches(user: Any):
    for purpose in Purpose:
        links.issue(purpose, ADDRESS, user)
    OneTimeToken.objects.exclude(purpose=Purpose.RESET).update(expires_at=system_clock.now())
    assert links.count_expired() == 4
    assert list(links.clear_expired(batch_size=3)) == [3, 1]
    assert OneTimeToken.objects.get().purpose == Purpose.RESET


def test_a_reserved_link_keeps_its_place(user: Any):
    row_id = links.reserve(Purpose.REVERT, ADDRESS, user)
    later = links.issue(Purpose.REVERT, "x@example.com", user)
    first, second = (links.renew(Purpose.REVERT, str(row_id)) for _ in range(2))
    assert [is_valid(secret, Purpose.REVERT) for secret in (first, second, later)] == [False, True, True]
    assert links.find(second, Purpose.REVERT).pk == row_id < links.find(later, Purpose.REVERT).pk


def test_a_redeemed_or_revoked_link_is_not_renewed(user: Any):
    row_id = links.reserve(Purpose.REVERT, ADDRESS, user)
    with pytest.raises(LinkInvalid):
        links.renew(Purpose.RESET, str(row_id))
    links.revoke(user, Purpose.REVERT)
    with pytest.raises(LinkInvalid):
        links.renew(Purpose.REVERT, str(row_id))
