"""Tell a database that is unavailable, or accepts no writes since a failover, from a mistake in a query."""

from __future__ import annotations

from django.db import InterfaceError, InternalError, OperationalError

_READ_ONLY = {
    "25006",  # PostgreSQL: read-only transaction
    1290,  # MariaDB: started with --read-only
    1792,  # MariaDB: read-only transaction
    1836,  # MariaDB: read-only mode
}


def is_unavailable(error: BaseException) -> bool:
    """Whether the same request may succeed later: the database is down, locked, or refuses writes."""
    # Most drivers report a read-only database like one that is down; psycopg does not.
    return isinstance(error, (OperationalError, InterfaceError)) or (
        isinstance(error, InternalError) and not _READ_ONLY.isdisjoint(_codes(error))
    )


def _codes(error: InternalError) -> set[object]:
    return {getattr(error.__cause__, "sqlstate", None), *error.args[:1]}
