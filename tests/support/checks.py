from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, run_checks

DEPLOY: dict[str, Any] = {"tags": ["simple_auth"], "include_deployment_checks": True}


def ids(deploy: bool = False) -> list[str]:
    """The ids of all messages of the system checks."""
    return [str(message.id) for message in run_checks(tags=["simple_auth"], include_deployment_checks=deploy)]


def said(number: str, **how: Any) -> list[CheckMessage]:
    """The messages with this id, by default of ``check --deploy``."""
    found = [message for message in run_checks(**{**DEPLOY, **how}) if message.id == f"django_simple_auth.{number}"]
    assert all(message.hint for message in found)
    return found


def said_of_rows(number: str, deploy: bool = False) -> list[CheckMessage]:
    """The messages with this id of ``check --database default``."""
    return said(number, tags=["database"], databases=["default"], include_deployment_checks=deploy)
