"""A host for the suite. TEST_DATABASE chooses sqlite, postgresql or mariadb; TEST_DATABASE_NAME lets two suites run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

SECRET_KEY = "not a secret: these are tests"
ALLOWED_HOSTS = ["*"]
USE_TZ = True
ROOT_URLCONF = "tests.urls"
AUTH_USER_MODEL = "auth.User"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "rest_framework",
    "drf_spectacular",
    "django_simple_auth",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def database(kind: str, name: str) -> dict[str, Any]:
    """Where the services of this machine listen; the environment may say otherwise."""
    # A file, even for tests: threads cannot share SQLite's memory database without locking each other out.
    file = str(Path(tempfile.gettempdir()) / f"{name}-{os.getpid()}.sqlite3")
    return {
        "sqlite": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": file,
            "TEST": {"NAME": file},
            "OPTIONS": {"timeout": 30},
        },
        "postgresql": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": name,
            "HOST": os.environ.get("PGHOST", "127.0.0.1"),
            "USER": os.environ.get("PGUSER", "postgres"),
            "PASSWORD": os.environ.get("PGPASSWORD", ""),
        },
        "mariadb": {
            "ENGINE": "django.db.backends.mysql",
            "NAME": name,
            "HOST": os.environ.get("MARIADB_HOST", "127.0.0.1"),
            "USER": os.environ.get("MARIADB_USER", "root"),
            "PASSWORD": os.environ.get("MARIADB_PASSWORD", ""),
            "OPTIONS": {"charset": "utf8mb4"},
        },
    }[kind]


TEST_DATABASE = os.environ.get("TEST_DATABASE", "sqlite")
DATABASES = {"default": database(TEST_DATABASE, os.environ.get("TEST_DATABASE_NAME", "simple_auth"))}
TEST_REDIS = os.environ.get("TEST_REDIS", "redis://127.0.0.1:6379/9")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# The suite logs in a thousand times; what a hash costs is not its subject.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Django 6.1 and later; before, the test runner sets EMAIL_BACKEND.
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["django_simple_auth.authentication.TokenAuthentication"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SIMPLE_AUTH: dict[str, Any] = {"THROTTLE_RATES": {}}
