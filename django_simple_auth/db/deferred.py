"""Writes that must survive the rollback of a request, or must not hold a lock until its end.

Under ATOMIC_REQUESTS, DRF rolls back a refused request, and with it the deletion of the expired token that was the
reason; and a row that is written stays locked until the request ends. A second connection for such writes was rejected:
SQLite would deadlock with the first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar
from weakref import ref

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from .transactions import is_in_transaction

Write: TypeAlias = Callable[[], object]
_T = TypeVar("_T")

# Where no request ends, as in a task worker, deferred writes never run; they must not pile up.
_MOST = 100
_pending: ContextVar[tuple[tuple[Write, str, ref[BaseDatabaseWrapper]], ...]] = ContextVar(
    "simple_auth_pending", default=()
)


def durably(write: Callable[[], _T], using: str) -> _T:
    """Run the write now and, inside a transaction, again after the request. Returns the outcome of the first run.

    The write must be safe to run twice.
    """
    outcome = write()
    if is_in_transaction(using):
        _defer(write, using)
    return outcome


def after_request(write: Write, using: str) -> None:
    """Run the write now or, inside a transaction, after the request."""
    if is_in_transaction(using):
        _defer(write, using)
    else:
        write()


def run_pending(**kwargs: Any) -> None:
    """Receiver of ``request_finished``."""
    pending = _pending.get()
    _pending.set(())
    for write, using, deferred_by in pending:
        if _is_in_transaction_elsewhere(deferred_by(), using):
            continue
        write()
        if not is_in_transaction(using):
            # Django may have closed the request's connection already; do not leave a new one open.
            # Not documented: close_old_connections() would also close the connections of others.
            connections[using].close_if_unusable_or_obsolete()


def _defer(write: Write, using: str) -> None:
    _pending.set((*_pending.get(), (write, using, ref(connections[using])))[-_MOST:])


def _is_in_transaction_elsewhere(connection: BaseDatabaseWrapper | None, using: str) -> bool:
    """Whether a write was deferred in a transaction that is still open, in another thread than this one.

    Django's AsyncClient ends a request in a thread that does not see the transaction of the test. There the write would
    wait for rows that the test has locked.
    """
    return connection is not None and connection is not connections[using] and connection.in_atomic_block
