"""Writes beside a request that its transaction must neither take back nor wait for.

Under ATOMIC_REQUESTS, DRF rolls the whole request back when it refuses, and with it the deletion of the dead token that
was the reason; and a row that is written in it stays locked to its end. A second connection for such writes was
rejected: SQLite would deadlock with the first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

from django.db import connections

from .transactions import is_in_transaction

Write: TypeAlias = Callable[[], object]
_T = TypeVar("_T")

# Where no request ends, as in a worker, nobody calls for what was put off; it must not pile up.
_MOST = 100
_pending: ContextVar[tuple[tuple[Write, str], ...]] = ContextVar("simple_auth_pending", default=())


def durably(write: Callable[[], _T], using: str) -> _T:
    """Run the write now and, where a transaction around it may be rolled back, again after the request.

    The write must be one that may run twice.
    """
    outcome = write()
    if is_in_transaction(using):
        _put_off(write, using)
    return outcome


def after_request(write: Write, using: str) -> None:
    """Run the write now or, where a transaction around it would hold its lock, after the request."""
    if is_in_transaction(using):
        _put_off(write, using)
    else:
        write()


def run_pending(**kwargs: Any) -> None:
    """Receiver of ``request_finished``."""
    pending = _pending.get()
    _pending.set(())
    for write, using in pending:
        write()
        if not is_in_transaction(using):
            # Django may have closed the request's connection already; leave no new one open behind it. Not documented:
            # close_old_connections() would do the same to the connections of others.
            connections[using].close_if_unusable_or_obsolete()


def _put_off(write: Write, using: str) -> None:
    _pending.set((*_pending.get(), (write, using))[-_MOST:])
