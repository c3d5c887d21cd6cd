"""Processes of one project that make attempts at the same time; each prints how many were admitted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
THREADS = 10
# The checkout at the end, as in conftest.py.
PROGRAM = "import sys; sys.path.append(sys.argv[1]); from tests.support import rivals; rivals.run(sys.argv[2])"


def start(project: dict[str, Any]) -> subprocess.Popen[str]:
    """Start a process that prints "ready". ``project``: the settings DATABASE (its name), SIMPLE_AUTH and CACHES."""
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(ROOT), json.dumps(project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def begin(processes: list[subprocess.Popen[str]]) -> None:
    """Wait until all are ready, and let them start together."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()


def outcome(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.read())


def run(project: str) -> None:
    from tests import settings

    given = json.loads(project)
    settings.DATABASES["default"]["NAME"] = given.pop("DATABASE")
    vars(settings).update(given)

    import django

    django.setup()

    from django_simple_auth.exceptions import TooManyAttempts
    from django_simple_auth.throttling import attempts, circuit_breaker
    from tests.test_races import at_once

    # Long enough for a slow machine.
    circuit_breaker.DEADLINE_SECONDS = 60

    def attempt() -> bool:
        try:
            attempts.hit("login", "a")
        except TooManyAttempts:
            return False
        return True

    print("ready", flush=True)  # noqa: T201  (for the parent process)
    sys.stdin.read()
    print(sum(at_once([attempt] * THREADS)))  # noqa: T201
