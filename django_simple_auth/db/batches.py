"""Many rows, a batch at a time, so that nobody has to wait for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from .transactions import atomic_with_retry


def delete(rows: QuerySet[Any], size: int) -> Iterator[int]:
    """Delete them; yields after each batch how many keys it had. One that is no longer among the rows by then stays."""
    # Keys first and then rows by key: MariaDB takes no LIMIT in a subquery, and short statements block nobody.
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:size])
    while keys:
        atomic_with_retry(rows.filter(pk__in=keys).delete, rows.model)
        yield len(keys)
        keys = list(rows.filter(pk__gt=keys[-1]).order_by("pk").values_list("pk", flat=True)[:size])
