"""The project that the stories run on. The test sets PROJECT_*."""

import json
import os
from pathlib import Path
from typing import Any

import django

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

ROOT_URLCONF = "tests.stories.urls"
DATABASES["default"]["NAME"] = os.environ["PROJECT_DATABASE"]
SIMPLE_AUTH: dict[str, Any] = {
    "PUBLIC_URL": "https://www.example.com",
    "THROTTLE_RATES": {},
    **json.loads(os.environ["PROJECT_SIMPLE_AUTH"]),
}

EMAILS = Path(os.environ["PROJECT_FOLDER"])
BACKEND = "django.core.mail.backends.filebased.EmailBackend"
MAILERS = {"default": {"BACKEND": BACKEND, "OPTIONS": {"file_path": EMAILS}}}
if django.VERSION < (6, 1):  # pragma: no cover
    EMAIL_BACKEND = BACKEND
    EMAIL_FILE_PATH = EMAILS
