"""Run a transaction, and repeat it if the database rolls it back to resolve a deadlock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import Error, OperationalError, models, router, transaction

_T = TypeVar("_T")
_ATTEMPTS = 5
_VICTIM = {
    "40P01",  # PostgreSQL: deadlock detected
    "40001",  # PostgreSQL: serialization failure, at the isolation levels that have it
    1213,  # MariaDB: deadlock
    1020,  # MariaDB with innodb_snapshot_isolation: record has changed since last read
}


def atomic_with_retry(work: Callable[[], _T], model: type[models.Model]) -> _T:
    """Run ``work`` in a transaction on the model's database; it may run several times.

    Inside another transaction there is only one attempt: the rollback includes work of the caller.
    """
    using = router.db_for_write(model)
    attempts = 1 if is_in_transaction(using) else _ATTEMPTS
    while True:
        attempts -= 1
        try:
            with transaction.atomic(using=using):
                return work()
        except OperationalError as error:
            if not attempts or not _was_victim(error):
                raise


def is_in_transaction(using: str) -> bool:
    """Whether what is written now depends on the end of a transaction that has begun already."""
    return not transaction.get_autocommit(using)


def _was_victim(error: Error) -> bool:
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) in _VICTIM or bool(error.args and error.args[0] in _VICTIM)
