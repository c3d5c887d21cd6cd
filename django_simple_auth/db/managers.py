"""Read where rows are written: the one place that names the primary database of this package's tables."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models, router

_M = TypeVar("_M", bound=models.Model)


class PrimaryManager(models.Manager[_M]):
    """Asks the router where the model is written, also for reading. An explicit ``using(alias)`` wins.

    A replica may not know the latest login, logout or attempt yet.
    """

    def get_queryset(self) -> models.QuerySet[_M]:
        rows: Any = super().get_queryset()
        # Private, and what Django's own select_for_update() sets. The public way, using(alias), would ask the routers
        # for a query that is prepared at import, and would refuse our rows in a subquery of one on a replica.
        rows._for_write = True
        found: models.QuerySet[_M] = rows
        return found

    @property
    def db(self) -> str:
        """Alias of the database that the rows are read from and written to."""
        # Private: where using() keeps its alias. get_queryset().db would cost every authenticated request a QuerySet.
        return self._db or router.db_for_write(self.model)
