from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, transaction

from django_simple_auth.db.transactions import atomic_with_retry
from django_simple_auth.models import AuthToken


class Deadlock(Exception):
    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


def victim(*args: Any, sqlstate: str | None = None) -> OperationalError:
    error = OperationalError(*args)
    error.__cause__ = Deadlock(sqlstate) if sqlstate else None
    return error


def failing(times: int, error: Exception) -> Any:
    """Work that fails so many times, and then returns how often it ran."""
    runs = []

    def work() -> int:
        runs.append(1)
        if len(runs) <= times:
            raise error
        return len(runs)

    return work


@pytest.mark.parametrize(
    "error", [victim(1213, "Deadlock found"), victim(1020, "Record has changed"), victim("x", sqlstate="40P01")]
)
def test_a_deadlock_is_retried(transactional_db: None, error: Exception):
    assert atomic_with_retry(failing(2, error), AuthToken) == 3


def test_repeated_deadlocks_are_raised(transactional_db: None):
    with pytest.raises(OperationalError):
        atomic_with_retry(failing(9, victim(1213, "Deadlock found")), AuthToken)


@pytest.mark.parametrize("error", [victim("connection refused"), victim(), victim("x", sqlstate="57P01")])
def test_other_errors_are_not_retried(transactional_db: None, error: Exception):
    with pytest.raises(OperationalError):
        atomic_with_retry(failing(1, error), AuthToken)


def test_a_nested_transaction_is_not_retried(transactional_db: None):
    with pytest.raises(OperationalError), transaction.atomic():
        atomic_with_retry(failing(1, victim(1213, "Deadlock found")), AuthToken)
