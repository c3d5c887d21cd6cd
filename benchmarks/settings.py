"""The project that is measured. A module, because look-ups are slower after ``settings.configure()``."""

DATABASE_CHOICES = {
    "sqlite": {"ENGINE": "django.db.backends.sqlite3"},
    "postgresql": {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "USER": "postgres"},
    "mariadb": {"ENGINE": "django.db.backends.mysql", "HOST": "127.0.0.1", "USER": "root"},
}
DATABASES = {
    "default": {
        "NAME": "simple_auth_benchmarks",
        "CONN_MAX_AGE": None,  # a new connection for each request would cost more than everything that is compared
    }
}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework.authtoken",
    "knox",
    "django_simple_auth",
]
MIDDLEWARE: list[str] = []  # middleware would slow down every contender and bring every ratio closer to 1
ROOT_URLCONF = "benchmarks.contenders"
SECRET_KEY = "benchmarks"
ALLOWED_HOSTS = ["testserver"]
USE_TZ = True
