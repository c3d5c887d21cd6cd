"""For commands that need nothing but Python: create a virtual environment, install the package, announce the steps.

Standard library only, in a syntax that Python 3.6 can read, so that an old Python can print that it is too old.
Debian's python3-minimal lacks a part of the library. Some imports are inside functions so that it can print that, too.
"""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 10)

if sys.version_info < OLDEST:
    sys.exit("Python {}.{} or newer is needed; this is {}.".format(*OLDEST, platform.python_version()))

if not (find_spec("ensurepip") and find_spec("venv")):
    python = Path(sys.executable).resolve()
    # Debian has a package for each of its own Pythons. For any other, its default package is the best guess.
    package = f"{python.name}-venv" if python.parent == Path("/usr/bin") else "python3-venv"
    sudo = "" if os.geteuid() == 0 else "sudo "
    sys.exit(
        f"{python} cannot make virtual environments. On Debian and Ubuntu, run this, then start again with "
        f"/usr/bin/python3:\n\n    {sudo}apt-get install {package}\n"
    )


class Failed(Exception):
    """A step failed. The text says what to do, ``output`` is what the failing command printed."""

    def __init__(self, advice: str, output: str = "") -> None:
        super().__init__(advice)
        self.output = output


class Steps:
    """Prints each step with its number and how long it took."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.number = 0

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        self.number += 1
        print(f"[{self.number}/{self.total}] {name} ...", end=" ", flush=True)
        started = time.monotonic()
        try:
            yield
        except BaseException:
            print("not finished", flush=True)
            raise
        print(f"{time.monotonic() - started:.1f} s", flush=True)


def leave_with(main: Callable[[], int]) -> NoReturn:
    """Run main() and exit with its result. A failure prints one line that says what to do."""
    # As an exception, so that ``finally`` blocks can stop the processes that we started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"{failure.output}\n{failure}" if failure.output else str(failure))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def make_environment(directory: Path) -> None:
    """Create a virtual environment, or keep the existing one if this Python created it in this place."""
    # Written last: if it is missing, an earlier run was interrupted.
    stamp = directory / "made-by.txt"
    maker = f"{sys.version}\n{sys.base_prefix}\n{directory}\n"
    if stamp.is_file() and stamp.read_text() == maker:
        return
    run(
        [sys.executable, "-m", "venv", "--clear", str(directory)],
        advice=f"Python could not create a virtual environment: remove what blocks {directory}.",
    )
    stamp.write_text(maker)


def install(extra: str, environment: Path) -> None:
    """Install the package from the checkout, with one of its extras."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as scratch:
        # By default setuptools builds inside the checkout, and packs what an earlier build has left there.
        config = Path(scratch, "build.cfg")
        config.write_text(f"[build]\nbuild_base = {scratch}\n\n[egg_info]\negg_base = {scratch}\n")
        run(
            [program("python", environment), "-m", "pip", "install", "--no-input", f".[{extra}]"],
            advice="pip failed: see above. If it found no package index, go online or set PIP_INDEX_URL; "
            f"otherwise delete {environment.name} and start again.",
            DIST_EXTRA_CONFIG=str(config),
        )


def program(name: str, environment: Path) -> str:
    """The path of a script or interpreter in a virtual environment."""
    return str(environment / ("Scripts" if os.name == "nt" else "bin") / name)


def run(command: list[str], advice: str, **variables: str) -> None:
    """Run a command. Its output is shown only if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise Failed(advice, f"$ {' '.join(command)}\n{done.stdout}")


def hand_over_to(command: list[str]) -> int:
    """Run a command in our place. It gets the terminal and the signals; returns its exit code."""
    process = subprocess.Popen(command, cwd=ROOT)
    # Ctrl-C reaches the whole foreground group, and the command decides what to do about it.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def delete(path: Path) -> None:
    """Delete a file or a directory, if it exists."""
    from shutil import rmtree

    if path.is_dir():
        rmtree(path)
    else:
        path.unlink(missing_ok=True)
