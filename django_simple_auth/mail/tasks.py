"""What the host's task worker runs. Workers find a task by its module and name.

Not called ``tasks``: Celery imports every app's module of that name, and not every host has what this one needs.
"""

from __future__ import annotations

try:
    from django.tasks import task
except ImportError:  # pragma: no cover
    from django_tasks import task  # type: ignore[import-not-found, no-redef]

from . import messages


@task()
def deliver(
    letter: str, key: str, email: str, language: str, stamp: str = "", facts: dict[str, str] | None = None
) -> None:
    messages.deliver(letter, key, email, language, stamp, facts)
