"""The task that sends an e-mail. Import this module only in projects that have set ``TASKS``: it needs django.tasks."""

from __future__ import annotations

try:
    from django.tasks import task
except ImportError:  # pragma: no cover
    from django_tasks import task  # type: ignore[import-not-found, no-redef]

from . import messages


@task()
def deliver(
    message: str,
    user_id: str,
    email: str,
    language: str,
    fingerprint: str = "",
    facts: dict[str, str] | None = None,
) -> None:
    messages.deliver(message, user_id, email, language, fingerprint, facts)
