"""A project for the suite: processes with its settings, and a database that they share with a test's ORM."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.utils import ConnectionHandler

from tests.settings import TEST_DATABASE, database
from tests.support.http import Server

ROOT = Path(__file__).resolve().parent.parent.parent
DJANGO = [sys.executable, "-m", "django"]


class Project:
    """A settings module that reads its database's name from PROJECT_DATABASE and its folder from PROJECT_FOLDER."""

    def __init__(self, settings: str, connection: Any, folder: Path, **environ: str) -> None:
        self.folder = folder
        self._environ = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": settings,
            "PYTHONPATH": str(ROOT),
            "PROJECT_DATABASE": connection.settings_dict["NAME"],
            "PROJECT_FOLDER": str(folder),
            **environ,
        }

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a management command and wait for it."""
        return subprocess.run([*DJANGO, *words], cwd=self.folder, env=self._environ, capture_output=True, text=True)

    def serve(self) -> Server:
        return Server([*DJANGO, "runserver", "--noreload"], cwd=self.folder, env=self._environ)


@contextmanager
def fresh_database(name: str, folder: Path, blocker: Any) -> Iterator[Any]:
    """A connection to a new database of the suite's kind, which is deleted afterwards."""
    name = f"{name}_{os.getpid()}"
    if TEST_DATABASE == "sqlite":  # pragma: no branch
        name = str(folder / name)
    settings = {**database(TEST_DATABASE, name), "NAME": name, "TEST": {"NAME": name}}
    connection = ConnectionHandler({"default": settings})["default"]
    with blocker.unblock():
        connection.creation._create_test_db(verbosity=0, autoclobber=True)
    yield connection
    connection.close()
    with blocker.unblock():
        connection.creation._destroy_test_db(name, verbosity=0)


@contextmanager
def orm_on(connection: Any, blocker: Any) -> Iterator[None]:
    """Let the ORM use the database of the project's processes."""
    suites_own = connections["default"]
    connections["default"] = connection
    with blocker.unblock():
        yield
    connections["default"] = suites_own
