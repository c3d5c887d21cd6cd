"""A small project that uses django_simple_auth: what startproject generates, and the marked parts below."""

import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent

SECRET_KEY = os.environ.get("EXAMPLE_SECRET_KEY", "insecure: for this demo on your own machine and nothing else")
DEBUG = os.environ.get("EXAMPLE_DEBUG", "1") == "1"
ALLOWED_HOSTS = os.environ.get("EXAMPLE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_simple_auth",
    "example_project.notes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "example_project.urls"
WSGI_APPLICATION = "example_project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

_database_name = os.environ.get("EXAMPLE_DATABASE_NAME")
DATABASES = {
    "default": {
        "sqlite": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": _database_name or BASE_DIR / "db.sqlite3",
        },
        "postgresql": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _database_name or "simple_auth_example",
            "USER": "postgres",
            "HOST": "127.0.0.1",
        },
        "mariadb": {
            "ENGINE": "django.db.backends.mysql",
            "NAME": _database_name or "simple_auth_example",
            "USER": "root",
            "HOST": "127.0.0.1",
        },
    }[os.environ.get("EXAMPLE_DATABASE", "sqlite")]
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"

# -- Accounts and tokens

TOKEN_EXPIRED_AFTER_SECONDS = 14 * 24 * 3600
SIMPLE_AUTH = {
    "TOKEN_IDLE_TIMEOUT_SECONDS": 3 * 24 * 3600,
    "MAX_TOKENS_PER_USER": 10,
    # Links in e-mails lead to your pages under this URL. They are never built from the Host header.
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "THROTTLE_RATES": {"register": "30/min", "login": "60/min", "login_account": "10/min"},
}

# E-mails are printed in the terminal of the server.
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

# -- The project's own API, which accepts the tokens

REST_FRAMEWORK = {
    # Sessions are for people in a browser: the browsable API and the admin.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "django_simple_auth.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 20,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Notes",
    "DESCRIPTION": "An example project: personal notes, behind accounts with expiring tokens.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # Without a validatorUrl of null, Swagger UI sends the schema's URL to a public validator.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": True, "validatorUrl": None},
}
