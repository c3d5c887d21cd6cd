"""``python -m tests.fuzz [examples]``: every contract's OpenAPI document against a running server.

Nothing may answer 5xx, nor anything that the document does not describe.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.http import Server, call

ROOT = Path(__file__).resolve().parent.parent
NAME, PASSWORD = "fuzzer", "canary-Correct-Horse-7"

SETTINGS = """
from tests.settings import *
DATABASES = {{"default": database("sqlite", "fuzz") | {{"NAME": {database!r}}}}}
"""
# Where a document wants a token, one is fetched by logging in, and again when it has been logged out.
CONFIG = f"""
[auth.dynamic.openapi.simpleAuthToken]
path = "/api/auth/login/"
payload = {{ username = "{NAME}", password = "{PASSWORD}" }}
extract_selector = "/token"

[auth.dynamic.openapi.simpleAuthQueryToken]
path = "/api/auth/login/"
payload = {{ username = "{NAME}", password = "{PASSWORD}" }}
extract_selector = "/token"
"""
LEFT_OUT = [
    # What the user model's validators and AUTH_PASSWORD_VALIDATORS refuse, a schema cannot say.
    "positive_data_acceptance",
    # Two published contracts answer a missing token with 400.
    "ignored_auth",
    "missing_required_header",
]


def main(examples: str = "15") -> int:
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "fuzz_settings.py").write_text(SETTINGS.format(database=str(place / "db.sqlite3")))
        (place / "schemathesis.toml").write_text(CONFIG)
        path = os.pathsep.join([directory, str(ROOT)])
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "fuzz_settings", "PYTHONPATH": path}
        django = [sys.executable, "-m", "django"]
        subprocess.run([*django, "migrate", "-v0"], env=environ, check=True)
        subprocess.run(
            [*django, "spectacular", "--fail-on-warn", "--validate", "--file", str(place / "openapi.yaml")],
            env=environ,
            check=True,
        )
        server = Server([*django, "runserver", "--noreload"], cwd=place, env=environ)
        try:
            account = {"username": NAME, "email": "fuzzer@example.com", "password": PASSWORD}
            call("POST", f"{server.address}/api/auth/register/", account)
            return subprocess.run(
                [
                    str(Path(sys.executable).with_name("schemathesis")),
                    "run",
                    "openapi.yaml",
                    f"--url={server.address}",
                    f"--exclude-checks={','.join(LEFT_OUT)}",
                    f"--max-examples={examples}",
                    "--seed=1",
                    "--continue-on-failure",
                    "--warnings=off",
                    "--no-color",
                ],
                cwd=place,
                check=False,
            ).returncode
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
