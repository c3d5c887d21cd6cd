"""How a check of ours comes to Django's."""

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
    """Register a function that yields messages. Where it asks for a setting that cannot be meant, it says nothing.

    E001 has said it then. Its docstring begins with the ids of what it says. ``deploy``: by ``check --deploy`` alone.
    """

    def decorate(say: Check) -> Check:
        def run(**kwargs: Any) -> list[CheckMessage]:
            return _unless_said(say)

        register(run, "simple_auth", deploy=deploy)
        return say

    return decorate


def check_database(*, deploy: bool = False) -> Callable[[DatabaseCheck], DatabaseCheck]:
    """As ``check``, for what reads a database that has our tables: by ``check --database <alias>`` and ``migrate``.

    Not under our tag as well: ``check --tag simple_auth`` would read every database without being asked to.
    """

    def decorate(say: DatabaseCheck) -> DatabaseCheck:
        def run(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
            found: list[CheckMessage] = []
            for using in filter(_has_ours, databases or ()):
                try:
                    # PostgreSQL answers nothing more in a transaction in which a query has failed.
                    with transaction.atomic(using=using):
                        found += _unless_said(lambda: say(using))  # noqa: B023  (it is called at once)
                except Error:
                    # ``migrate`` asks before it has made the tables, or the columns of a new version.
                    continue
            return found

        register(run, Tags.database, deploy=deploy)
        return say

    return decorate


def _unless_said(say: Check) -> list[CheckMessage]:
    try:
        return list(say())
    except ImproperlyConfigured:
        return []


def _has_ours(using: str) -> bool:
    return all(router.allow_migrate_model(using, model) for model in (Identifier, get_user_model()))
