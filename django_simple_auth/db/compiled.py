"""A look-up by one unique column that Django's ORM compiles once instead of at every call.

Building and compiling a query costs the ORM several times what the database takes to answer it. For a query that every
authenticated request makes, the ORM compiles the SQL once per database; later calls run it and make the instances by
``Model.from_db``, as the ORM does. Where the compiled form is not what this module expects, the plain ORM answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations


@dataclass(frozen=True)
class _Compiled:
    """What one database and one state of the models need."""

    made_from: list[Any]
    sql: str | None
    """None: the plain ORM answers."""
    converters: list[tuple[int, Callable[..., Any], Any]]
    """``(position, function, expression)``, in the order in which they are applied."""
    parts: list[tuple[type[models.Model], list[str], slice]]
    """Each instance that a row holds: its model, the names of its columns, and where in the row they are."""


class CompiledLookup:
    """``model.objects.select_related(related).get(**{column: value})``, compiled once per database.

    All instances are complete, made by their own ``from_db`` from what their fields' ``from_db_value`` returns.
    ``related`` is a foreign key, or several in a row as in ``token__user``; none may be null.
    """

    def __init__(self, model: type[models.Model], column: str, related: str) -> None:
        self._model = model
        self._column: Any = model._meta.get_field(column)
        self._related = related
        self._path = _path(model, related)
        self._compiled: dict[str, _Compiled] = {}

    def find(self, value: Any, using: str) -> Any:
        """The row with this value, with its related rows; None if there is none. One query."""
        connection = connections[using]
        compiled = self._compiled.get(using)
        made_from = self._made_from(connection)
        if compiled is None or compiled.made_from != made_from:
            compiled = self._compiled[using] = self._compile(connection, made_from)
        if compiled.sql is None:
            return self._rows(using, value).first()
        with connection.cursor() as cursor:
            cursor.execute(compiled.sql, [self._column.get_db_prep_value(value, connection)])
            row = cursor.fetchone()
        if row is None:
            return None
        values = list(row)
        for position, function, expression in compiled.converters:
            values[position] = function(values[position], expression, connection)
        found = [model.from_db(using, names, values[where]) for model, names, where in compiled.parts]
        for field, (instance, related) in zip(self._path, pairwise(found), strict=True):
            field.set_cached_value(instance, related)
        return found[0]

    def _rows(self, using: str, value: Any) -> models.QuerySet[Any]:
        rows = self._model._base_manager.using(using).select_related(self._related)
        return rows.filter(**{self._column.name: value})

    @cached_property
    def _tables(self) -> list[Any]:
        """The ``_meta`` of each model. Late, because the user model may be defined after this look-up."""
        return [self._model._meta, *(field.remote_field.model._meta for field in self._path)]

    def _made_from(self, connection: BaseDatabaseWrapper) -> list[Any]:
        """Whatever changes the SQL or the instances. Django keeps each of these until somebody changes it."""
        # MariaDB's datetimes are converted only under USE_TZ.
        made_from = [type(connection), settings.USE_TZ]
        for table in self._tables:
            made_from += (table.db_table, table.concrete_fields)
        return made_from

    def _compile(self, connection: BaseDatabaseWrapper, made_from: list[Any]) -> _Compiled:
        # Django's compiler is no public API, but it is what makes the SQL right for every field and database. The shape
        # that it must have is asked for here, and tests compare the instances with the ORM's own.
        compiler: Any = self._rows(connection.alias, b"").query.get_compiler(connection.alias)
        sql, parameters = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        parts = []
        positions: list[int] = []
        info = compiler.klass_info
        while info is not None:
            own: list[int] = info["select_fields"]
            names = [columns[position].target.attname for position in own]
            parts.append((info["model"], names, slice(len(positions), len(positions) + len(own))))
            positions += own
            (info,) = info.get("related_klass_infos") or (None,)
        is_plain = len(parameters) == 1 and positions == list(range(len(columns)))
        return _Compiled(
            made_from=made_from,
            sql=sql if is_plain else None,
            converters=[
                (position, _without(connection.ops, function), expression)
                for position, (functions, expression) in compiler.get_converters(columns).items()
                for function in functions
            ],
            parts=parts,
        )


def _path(model: type[models.Model], related: str) -> list[Any]:
    """The foreign keys that lead from the model to what ``token__user`` names, from left to right."""
    path: list[Any] = []
    for name in related.split("__"):
        path.append(model._meta.get_field(name))
        model = path[-1].remote_field.model
    return path


def _without(ops: BaseDatabaseOperations, function: Callable[..., Any]) -> Callable[..., Any]:
    """The converter, without the connection it was compiled for: that would stay open after the end of its thread."""
    if getattr(function, "__self__", None) is not ops:
        return function
    name = function.__name__
    return lambda value, expression, connection: getattr(connection.ops, name)(value, expression, connection)
