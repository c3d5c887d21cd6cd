"""A look-up by one unique column that Django's ORM compiles once instead of at every call.

Building and compiling a query costs the ORM several times what the database takes to answer it. For a query that every
authenticated request makes, the ORM compiles the SQL once per database; later calls run it and make the instances by
``Model.from_db``, as the ORM does. Where the compiled form is not what this module expects, the plain ORM answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.operations import BaseDatabaseOperations


@dataclass(frozen=True)
class _Compiled:
    """What one database and one state of the models need."""

    made_from: tuple[Any, ...]
    sql: str | None
    """None: the plain ORM answers."""
    converters: list[tuple[int, tuple[list[Any], Any]]]
    names: list[str]
    related_model: type[models.Model]
    related_names: list[str]


class CompiledLookup:
    """``model.objects.select_related(related).get(**{column: value})``, compiled once per database.

    Both instances are complete, made by their own ``from_db`` from what their fields' ``from_db_value`` returns.
    ``related`` must be a foreign key that is not null.
    """

    def __init__(self, model: type[models.Model], column: str, related: str) -> None:
        self._model = model
        self._column: Any = model._meta.get_field(column)
        self._related: Any = model._meta.get_field(related)
        self._compiled: dict[str, _Compiled] = {}

    def find(self, value: Any, using: str) -> Any:
        """The row with this value, with its related row; None if there is none. One query."""
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
        for position, (functions, expression) in compiled.converters:
            for function in functions:
                values[position] = function(values[position], expression, connection)
        count = len(compiled.names)
        found = self._model.from_db(using, compiled.names, values[:count])
        related = compiled.related_model.from_db(using, compiled.related_names, values[count:])
        self._related.set_cached_value(found, related)
        return found

    def _rows(self, using: str, value: Any) -> models.QuerySet[Any]:
        rows = self._model._base_manager.using(using).select_related(self._related.name)
        return rows.filter(**{self._column.name: value})

    def _made_from(self, connection: BaseDatabaseWrapper) -> tuple[Any, ...]:
        """Whatever changes the SQL or the instances. Django keeps each of these until somebody changes it."""
        ours, theirs = self._model._meta, self._related.remote_field.model._meta
        # MariaDB's datetimes are converted only under USE_TZ.
        return (
            *(type(connection), settings.USE_TZ),
            *(ours.db_table, ours.concrete_fields, theirs.db_table, theirs.concrete_fields),
        )

    def _compile(self, connection: BaseDatabaseWrapper, made_from: tuple[Any, ...]) -> _Compiled:
        # Django's compiler is no public API, but it is what makes the SQL right for every field and database. The shape
        # that it must have is asked for here, and tests compare the instances with the ORM's own.
        compiler: Any = self._rows(connection.alias, b"").query.get_compiler(connection.alias)
        sql, parameters = compiler.as_sql()
        columns = [column for column, *_ in compiler.select]
        (related,) = compiler.klass_info["related_klass_infos"]
        ours, theirs = compiler.klass_info["select_fields"], related["select_fields"]
        is_plain = len(parameters) == 1 and [*ours, *theirs] == list(range(len(columns)))
        names = [column.target.attname for column in columns]
        return _Compiled(
            made_from=made_from,
            sql=sql if is_plain else None,
            converters=[
                (position, ([_without(connection.ops, function) for function in functions], expression))
                for position, (functions, expression) in compiler.get_converters(columns).items()
            ],
            names=names[: len(ours)],
            related_model=related["model"],
            related_names=names[len(ours) :],
        )


def _without(ops: BaseDatabaseOperations, function: Callable[..., Any]) -> Callable[..., Any]:
    """The converter, without the connection it was compiled for: that would stay open after the end of its thread."""
    if getattr(function, "__self__", None) is not ops:
        return function
    name = function.__name__
    return lambda value, expression, connection: getattr(connection.ops, name)(value, expression, connection)
