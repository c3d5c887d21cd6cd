"""Delete many rows in batches, so that no lock is held for long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from .transactions import atomic_with_retry


def delete(rows: QuerySet[Any], size: int) -> Iterator[int]:
    """Delete the rows; yields the size of each batch. A row that no longer matches by then stays."""
    # Keys first and then rows by key: MariaDB takes no LIMIT in a subquery, and short statements block nobody.
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:size])
    while keys:
        atomic_with_retry(rows.filter(pk__in=keys).delete, rows.model)
        yield len(keys)
        keys = list(rows.filter(pk__gt=keys[-1]).order_by("pk").values_list("pk", flat=True)[:size])
