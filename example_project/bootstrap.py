"""What a command needs that runs where there is nothing but Python: an environment of its own, and named steps.

Standard library only, in a syntax that Python 3.6 can still read: an old Python must get far enough to be told so.
So must Debian's python3-minimal, which has a part of the library; some imports are inside functions for its sake.
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
    # Debian has a package for each of its Pythons; for any other, its default one is the nearest that can be had.
    package = f"{python.name}-venv" if python.parent == Path("/usr/bin") else "python3-venv"
    sudo = "" if os.geteuid() == 0 else "sudo "
    sys.exit(
        f"{python} cannot make virtual environments. On Debian and Ubuntu, run this, then start again with "
        f"/usr/bin/python3:\n\n    {sudo}apt-get install {package}\n"
    )


class Failed(Exception):
    """A step went wrong: the text says what to do, ``output`` is what the failing command printed."""

    def __init__(self, advice: str, output: str = "") -> None:
        super().__init__(advice)
        self.output = output


class Steps:
    """Announces each step with its number, and how long it took."""

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
    """Run main() and exit with what it returns; a failure ends in one line that says what to do."""
    # As an exception, so that whoever started a process gets to stop it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        sys.exit(main())
    except Failed as failure:
        sys.exit(f"{failure.output}\n{failure}" if failure.output else str(failure))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def make_environment(directory: Path) -> None:
    """Make a virtual environment, or keep the one that is there if this Python made it in this place."""
    # Written last: where it is missing, an earlier run was interrupted.
    stamp = directory / "made-by.txt"
    maker = f"{sys.version}\n{sys.base_prefix}\n{directory}\n"
    if stamp.is_file() and stamp.read_text() == maker:
        return
    run(
        [sys.executable, "-m", "venv", "--clear", str(directory)],
        advice=f"Python could not make a virtual environment: remove what stands in the way of {directory}.",
    )
    stamp.write_text(maker)


def install(extra: str, environment: Path) -> None:
    """Install the package as the checkout has it now, with one of its extras."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as scratch:
        # Setuptools builds inside the checkout by default, and packs whatever an earlier build has left there.
        config = Path(scratch, "build.cfg")
        config.write_text(f"[build]\nbuild_base = {scratch}\n\n[egg_info]\negg_base = {scratch}\n")
        run(
            [program("python", environment), "-m", "pip", "install", "--no-input", f".[{extra}]"],
            advice="pip failed: see above. If it found no package index, connect this machine or set PIP_INDEX_URL; "
            f"otherwise delete {environment.name} and start again.",
            DIST_EXTRA_CONFIG=str(config),
        )


def program(name: str, environment: Path) -> str:
    """Path of a script or interpreter in a virtual environment."""
    return str(environment / ("Scripts" if os.name == "nt" else "bin") / name)


def run(command: list[str], advice: str, **variables: str) -> None:
    """Run a command without showing what it prints, unless it fails."""
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
    """Run a command in our place: it gets the terminal and the signals, we return its exit code."""
    process = subprocess.Popen(command, cwd=ROOT)
    # Ctrl-C reaches the whole foreground group; what to do about it is the command's to decide.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    return process.wait()


def throw_away(path: Path) -> None:
    """Delete a file or a directory, whether or not it is there."""
    from shutil import rmtree

    if path.is_dir():
        rmtree(path)
    else:
        path.unlink(missing_ok=True)
