"""The host that the stories are played on. HOST_* is what the test made for it."""

import json
import os
from pathlib import Path
from typing import Any

import django

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

ROOT_URLCONF = "tests.stories.urls"
DATABASES["default"]["NAME"] = os.environ["HOST_DATABASE"]
SIMPLE_AUTH: dict[str, Any] = {
    "PUBLIC_URL": "https://www.example.com",
    "THROTTLE_RATES": {},
    **json.loads(os.environ["HOST_SIMPLE_AUTH"]),
}

LETTERS = Path(os.environ["HOST_FOLDER"])
BACKEND = "django.core.mail.backends.filebased.EmailBackend"
MAILERS = {"default": {"BACKEND": BACKEND, "OPTIONS": {"file_path": LETTERS}}}
if django.VERSION < (6, 1):  # pragma: no cover
    EMAIL_BACKEND = BACKEND
    EMAIL_FILE_PATH = LETTERS
