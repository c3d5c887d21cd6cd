"""Links that are invalid, used or no longer current."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth import get_user_model

from django_simple_auth import sessions
from django_simple_auth.accounts import emails
from django_simple_auth.db import clock as system_clock
from django_simple_auth.exceptions import EmailTaken, LinkInvalid
from django_simple_auth.models import OneTimeToken
from django_simple_auth.tokens import format as token_format
from django_simple_auth.tokens import links
from django_simple_auth.views import ConfirmPasswordReset, VerifyEmail
from tests.contracts.refusals.cases import FRONTEND_URLS, Case, each, known, refused, refuses


def mistyped_link(case: Case) -> str:
    return links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known()) + "x"


def never_mailed(case: Case) -> str:
    return token_format.generate(links.PREFIXES[FRONTEND_URLS[case.endpoint.view]])


def token_of_a_login(case: Case) -> str:
    return sessions.start(known()).secret


def of_another_purpose(case: Case) -> str:
    other = {ConfirmPasswordReset: OneTimeToken.Purpose.VERIFY, VerifyEmail: OneTimeToken.Purpose.RESET}
    return links.issue(other[case.endpoint.view], "bob@example.com", known())


def of_an_older_email(case: Case) -> str:
    return links.issue(FRONTEND_URLS[case.endpoint.view], "bobby@example.com", known())


def replaced(case: Case) -> str:
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    return secret


def expired(case: Case) -> str:
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    OneTimeToken.objects.update(expires_at=system_clock.now() - timedelta(seconds=1))
    return secret


def without_a_user(case: Case) -> str:
    return links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com")


def of_a_disabled_user(case: Case) -> str:
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "bob@example.com", known())
    get_user_model().objects.update(is_active=False)
    return secret


def of_a_deleted_user(case: Case) -> str:
    eve = get_user_model().objects.create_user("eve", "eve@example.com")
    secret = links.issue(FRONTEND_URLS[case.endpoint.view], "eve@example.com", eve)
    eve.delete()
    return secret


INVALID_LINKS = {
    make.__name__: make
    for make in [
        mistyped_link,
        never_mailed,
        token_of_a_login,
        of_another_purpose,
        of_an_older_email,
        replaced,
        expired,
        without_a_user,
        of_a_disabled_user,
        of_a_deleted_user,
    ]
}


@each(refuses(LinkInvalid), kind=lambda case: INVALID_LINKS)
def test_an_invalid_link_is_refused(ask: Any, case: Case, kind: str):
    body = {**case.body, "token": INVALID_LINKS[kind](case)}
    assert set(refused(case, ask(case, body=body, token=None), 400)) == {"token"}


@each(refuses(LinkInvalid))
def test_a_used_link_is_refused(ask: Any, case: Case):
    body = case.body
    assert ask(case, body=body).status_code < 300
    assert set(refused(case, ask(case, body=body), 400)) == {"token"}


@each(lambda case: issubclass(case.endpoint.view, VerifyEmail) and EmailTaken in case.endpoint.view.raises)
def test_an_email_that_another_user_verified_is_refused(ask: Any, case: Case):
    emails.mark_verified(get_user_model().objects.create_user("eve", "eve@example.com"))
    secret = links.issue(OneTimeToken.Purpose.CHANGE, "eve@example.com", known())
    assert set(refused(case, ask(case, body={"token": secret}), 400)) == {"email"}
