"""Registers the checks with Django."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import Error, router, transaction

from ..models import Identifier

Check: TypeAlias = Callable[[], Iterable[CheckMessage]]
DatabaseCheck: TypeAlias = Callable[[str], Iterable[CheckMessage]]


def check(*, deploy: bool = False) -> Callable[[Check], Check]:
    """Register a function that yields messages. Its docstring begins with their ids.

    If it reads an invalid setting, it reports nothing: E001 has done so. ``deploy``: run by ``check --deploy`` only.
    """

    def decorate(function: Check) -> Check:
        def run(**kwargs: Any) -> list[CheckMessage]:
            return _messages(function)

        register(run, "simple_auth", deploy=deploy)
        return function

    return decorate


def check_database(*, deploy: bool = False) -> Callable[[DatabaseCheck], DatabaseCheck]:
    """As ``check``, for functions that query a database with our tables: ``check --database <alias>`` and ``migrate``.

    Without our tag, so that ``check --tag simple_auth`` queries no database.
    """

    def decorate(function: DatabaseCheck) -> DatabaseCheck:
        def run(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
            found: list[CheckMessage] = []
            for using in filter(_has_our_tables, databases or ()):
                try:
                    # After a failed query, PostgreSQL refuses all others in the same transaction.
                    with transaction.atomic(using=using):
                        found += _messages(lambda: function(using))  # noqa: B023  (it is called at once)
                except Error:
                    # ``migrate`` runs the checks before it creates tables and columns.
                    continue
            return found

        register(run, Tags.database, deploy=deploy)
        return function

    return decorate


def _messages(function: Check) -> list[CheckMessage]:
    try:
        return list(function())
    except ImproperlyConfigured:
        return []


def _has_our_tables(using: str) -> bool:
    return all(router.allow_migrate_model(using, model) for model in (Identifier, get_user_model()))
