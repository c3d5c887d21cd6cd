"""``python3 -m tests``: install the package and run its tests on SQLite. Further arguments go to pytest."""

import sys

from example_project import bootstrap
from example_project.bootstrap import ROOT, Steps, program

ENVIRONMENT = ROOT / ".venv-tests"


def main() -> int:
    step = Steps(total=2)
    with step("Creating a virtual environment"):
        bootstrap.make_environment(ENVIRONMENT)
    with step("Installing the package and its test dependencies"):
        bootstrap.install("test", ENVIRONMENT)
    # The script, not ``python -m pytest``, which would import the checkout instead of the installed package.
    return bootstrap.hand_over_to([program("pytest", ENVIRONMENT), *sys.argv[1:]])


if __name__ == "__main__":
    bootstrap.leave_with(main)
