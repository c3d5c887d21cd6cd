"""Writes that a refused request must not take back.

Under ATOMIC_REQUESTS, DRF rolls the whole request back when it refuses, and with it the deletion of the dead token that
was the reason. A second connection for such writes was rejected: SQLite would deadlock with the first.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.db import connections, transaction

_pending: ContextVar[tuple[Callable[[], object], ...]] = ContextVar("simple_auth_pending", default=())


def durably(write: Callable[[], object], using: str) -> None:
    """Run the write now and, where a transaction around it may be rolled back, again after the request.

    The write must be one that may run twice.
    """
    write()
    if transaction.get_connection(using).in_atomic_block:
        _pending.set((*_pending.get(), partial(_repeat, write, using)))


def settle(**kwargs: Any) -> None:
    """Receiver of ``request_finished``."""
    pending = _pending.get()
    _pending.set(())
    for repeat in pending:
        repeat()


def _repeat(write: Callable[[], object], using: str) -> None:
    write()
    if not connections[using].in_atomic_block:
        # Django may have closed the request's connection already; leave no new one open behind it.
        connections[using].close_if_unusable_or_obsolete()
