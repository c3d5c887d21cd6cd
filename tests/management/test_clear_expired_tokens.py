from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from django_simple_auth import sessions
from django_simple_auth.db import clock as system_clock
from django_simple_auth.models import AuthToken, OneTimeToken, ThrottleCounter
from django_simple_auth.tokens import links


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def _three_expired(user: Any) -> None:
    for _ in range(3):
        sessions.start(user)
    AuthToken.objects.update(expires_at=system_clock.now())
    sessions.start(user)


def run(out: StringIO | None = None, **options: Any) -> str:
    out = out or StringIO()
    call_command("clear_expired_tokens", stdout=out, **options)
    return out.getvalue()


@pytest.mark.usefixtures("_three_expired")
def test_expired_tokens_are_deleted_and_counted():
    assert run() == "3 expired tokens deleted.\n"
    assert AuthToken.objects.count() == 1
    assert run() == "0 expired tokens deleted.\n"


@pytest.mark.usefixtures("_three_expired")
def test_a_dry_run_deletes_none():
    assert run(dry_run=True) == "3 expired tokens would be deleted.\n"
    assert AuthToken.objects.count() == 4


@pytest.mark.usefixtures("_three_expired")
def test_a_terminal_is_shown_the_progress_batch_by_batch():
    assert run(Terminal(), batch_size=2) == "\r2 of 3\r3 of 3\n3 expired tokens deleted.\n"


@pytest.mark.usefixtures("_three_expired")
def test_the_batch_size_comes_from_the_command_line():
    out = Terminal()
    call_command("clear_expired_tokens", "--batch-size=1", stdout=out)
    assert out.getvalue().startswith("\r1 of 3\r2 of 3\r3 of 3\n")


@pytest.mark.usefixtures("_three_expired")
def test_verbosity_0_prints_nothing():
    assert run(Terminal(), verbosity=0) == ""
    assert AuthToken.objects.count() == 1


@pytest.mark.usefixtures("db")
def test_a_terminal_shows_that_nothing_has_expired():
    assert run(Terminal()) == "0 expired tokens deleted.\n"


@pytest.mark.parametrize("size", ["0", "-1", "many"])
def test_the_batch_size_must_be_positive(size: str):
    with pytest.raises(CommandError, match="not a positive whole number"):
        call_command("clear_expired_tokens", f"--batch-size={size}")


def test_expired_links_are_deleted_as_well(user: Any):
    links.issue(OneTimeToken.Purpose.RESET, "bob@example.com", user)
    OneTimeToken.objects.update(expires_at=system_clock.now())
    assert run() == "1 expired tokens deleted.\n"
    assert not OneTimeToken.objects.exists()


def test_expired_counters_are_deleted_and_not_counted(db: None):
    ThrottleCounter.objects.create(digest=bytes(32), count=5, expires_at=system_clock.now())
    assert run(dry_run=True) == "0 expired tokens would be deleted.\n"
    assert ThrottleCounter.objects.exists()
    assert run() == "0 expired tokens deleted.\n"
    assert not ThrottleCounter.objects.exists()
