"""How a check of ours comes to Django's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from django.core.checks import CheckMessage, register
from django.core.exceptions import ImproperlyConfigured

Check: TypeAlias = Callable[[], Iterable[CheckMessage]]


def check(*, deploy: bool = False) -> Callable[[Check], Check]:
    """Register a function that yields messages. Where it asks for a setting that cannot be meant, it says nothing.

    E001 has said it then. Its docstring begins with the ids of what it says. ``deploy``: by ``check --deploy`` alone.
    """

    def decorate(say: Check) -> Check:
        def run(**kwargs: Any) -> list[CheckMessage]:
            try:
                return list(say())
            except ImproperlyConfigured:
                return []

        register(run, "simple_auth", deploy=deploy)
        return say

    return decorate
