"""The project whose server the documents are tested against. conftest.py sets PROJECT_*."""

import logging
import os
from pathlib import Path
from typing import Any

from tests.settings import *  # noqa: F403
from tests.settings import AUTH_PASSWORD_VALIDATORS, DATABASES, MIDDLEWARE

FOLDER = Path(os.environ["PROJECT_FOLDER"])

ROOT_URLCONF = "tests.contracts.documents.urls"
DATABASES["default"]["NAME"] = os.environ["PROJECT_DATABASE"]
TOKEN_EXPIRED_AFTER_SECONDS = 3600

# Django's list of common passwords contains ``Password123``, which one document registers with. This one contains only
# the passwords that the documents call common.
COMMON = "django.contrib.auth.password_validation.CommonPasswordValidator"
AUTH_PASSWORD_VALIDATORS = [
    *[validator for validator in AUTH_PASSWORD_VALIDATORS if validator["NAME"] != COMMON],
    {"NAME": COMMON, "OPTIONS": {"password_list_path": FOLDER / "common_passwords.txt"}},
]

MIDDLEWARE = [
    *MIDDLEWARE,
    "django.middleware.locale.LocaleMiddleware",
    "tests.contracts.documents.settings.log_the_request",
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": FOLDER / "log.txt"}},
    "loggers": {name: {"handlers": ["file"], "level": "DEBUG"} for name in ["django", "django.server", "project"]},
}


def log_the_request(get_response: Any) -> Any:
    """A middleware of the project that logs everything about a request after it is answered."""

    def middleware(request: Any) -> Any:
        response = get_response(request)
        logging.getLogger("project").info("%s %r %r %r", request.get_full_path(), request, request.GET, request.META)
        return response

    return middleware
