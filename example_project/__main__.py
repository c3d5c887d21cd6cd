"""``python3 -m example_project``: install the package, then serve this project. Needs nothing but Python."""

import argparse
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from . import bootstrap, tour
from .bootstrap import ROOT, Failed, Steps, program

ENVIRONMENT = ROOT / ".venv-demo"
DATABASE = ROOT / "example_project" / "db.sqlite3"
SERVER_LOG = ENVIRONMENT / "server.log"
# These override what the shell has exported for other projects.
VARIABLES = {
    "DJANGO_SETTINGS_MODULE": "example_project.settings",
    "EXAMPLE_DATABASE": "sqlite",
    "EXAMPLE_DATABASE_NAME": str(DATABASE),
}


def main() -> int:
    options = read_options()
    port = find_port() if options.no_serve else options.port
    expect_free(port)
    step = Steps(total=4 + options.fresh + options.no_serve)
    if options.fresh:
        with step("Deleting the old environment and database"):
            bootstrap.delete(ENVIRONMENT)
            bootstrap.delete(DATABASE)
    with step("Creating a virtual environment"):
        bootstrap.make_environment(ENVIRONMENT)
    with step("Installing the package"):
        bootstrap.install("demo", ENVIRONMENT)
    with step("Migrating the database"):
        advice = "migrate failed: see above. If the database was created by another version, start again with --fresh."
        bootstrap.run(manage("migrate"), advice, **VARIABLES)
    if options.no_serve:
        return take_tour(step, port)
    return serve(step, port)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m example_project", description="Serves the example project.")
    parser.add_argument("--port", type=port_number, default=8000, help="where to serve (default: 8000)")
    parser.add_argument("--no-serve", action="store_true", help="serve on any free port, take the tour, and stop")
    parser.add_argument("--fresh", action="store_true", help="delete the environment and the database first")
    return parser.parse_args()


def port_number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port between 1 and 65535")
    return int(text)


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind((tour.HOST, 0))
        return probe.getsockname()[1]


def expect_free(port: int) -> None:
    """Check this first, before the installation takes its time."""
    with socket.socket() as probe:
        # As the server does it. Otherwise a server that stopped a minute ago would still block the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((tour.HOST, port))
        except OSError as error:
            raise Failed(f"Port {port} is not free ({error.strerror}): choose another with --port.") from None


def serve(step: Steps, port: int) -> int:
    with serving(step, port) as server:
        print_guide(port)
        try:
            server.wait()
        except KeyboardInterrupt:
            print("\nStopped.")
            return 0
    raise Failed("The server has stopped unexpectedly.")


def take_tour(step: Steps, port: int) -> int:
    try:
        with SERVER_LOG.open("w") as log, serving(step, port, log), step("Taking the tour"):
            lines = tour.take(port)
    except Failed as failure:
        raise Failed(str(failure), failure.output + SERVER_LOG.read_text()) from None
    print("\n".join(lines))
    return 0


@contextmanager
def serving(step: Steps, port: int, log: TextIO | None = None) -> Iterator[subprocess.Popen]:
    """A running server, stopped at the end of the block. Without a log it writes to the terminal."""
    server = subprocess.Popen(
        manage("runserver", "--noreload", f"{tour.HOST}:{port}"),
        cwd=ROOT,
        env={**os.environ, **VARIABLES},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=log,
    )
    try:
        with step("Starting the server"):
            wait_for(server, port)
        yield server
    finally:
        server.terminate()
        server.wait()


def wait_for(server: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((tour.HOST, port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise Failed("The server did not start: see its output above.")


def manage(*words: str) -> list[str]:
    return [program("python", ENVIRONMENT), str(ROOT / "example_project" / "manage.py"), *words]


def print_guide(port: int) -> None:
    print(f"\nThe example project is at http://{tour.HOST}:{port}/. In another terminal:\n")
    for request in tour.plan():
        print(tour.as_curl(request, port))
    print("\nTo create a user for /admin/:\n")
    print(" ".join(manage("createsuperuser")))
    print("\nPress Ctrl-C to stop the server.\n", flush=True)


if __name__ == "__main__":
    bootstrap.leave_with(main)
