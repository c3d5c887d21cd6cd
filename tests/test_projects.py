"""Fresh projects: startproject, the two lines of the README, several user models, and a real server process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.settings import TEST_DATABASE, database
from tests.support.http import Server, call

ROOT = Path(__file__).resolve().parent.parent

USER_MODELS = {
    "stock": "",
    "email": """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

class Manager(BaseUserManager):
    def create_user(self, email, password=None):
        user = self.model(email=self.normalize_email(email))
        user.set_password(password)
        user.save()
        return user

class User(AbstractBaseUser):
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    objects = Manager()
    USERNAME_FIELD = "email"
""",
    "uuid": """
import uuid
from django.contrib.auth.models import AbstractUser
from django.db import models

class User(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
""",
    "email and username": """
from django.contrib.auth.models import AbstractUser
from django.db import models

class User(AbstractUser):
    email = models.EmailField(unique=True)
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["username"]
""",
    "birthday": """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

class Manager(BaseUserManager):
    def create_user(self, email, date_of_birth, password=None):
        user = self.model(email=self.normalize_email(email), date_of_birth=date_of_birth)
        user.set_password(password)
        user.save()
        return user

class User(AbstractBaseUser):
    email = models.EmailField(unique=True)
    date_of_birth = models.DateField()
    objects = Manager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["date_of_birth"]
""",
    "number": """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

class Manager(BaseUserManager):
    def create_user(self, number, password=None):
        user = self.model(number=number)
        user.set_password(password)
        user.save()
        return user

class User(AbstractBaseUser):
    number = models.IntegerField(unique=True)
    objects = Manager()
    USERNAME_FIELD = "number"
""",
    "no email": """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

class Manager(BaseUserManager):
    def create_user(self, nick, password=None):
        user = self.model(nick=nick)
        user.set_password(password)
        user.save()
        return user

class User(AbstractBaseUser):
    nick = models.CharField(max_length=30, unique=True)
    objects = Manager()
    USERNAME_FIELD = "nick"
""",
}


@pytest.fixture
def start_project(tmp_path: Path, db: None) -> Iterator[Callable[..., Server]]:
    servers: list[Server] = []
    cleanups: list[Callable[[], object]] = []

    def start(model: str, prefix: str, urls: str = "django_simple_auth.urls") -> Server:
        name = f"project_{os.getpid()}_{len(servers)}"
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "website.settings", "PYTHONPATH": str(ROOT)}

        def manage(*words: str) -> None:
            subprocess.run([sys.executable, "manage.py", *words], cwd=tmp_path, env=environ, check=True)

        subprocess.run([sys.executable, "-m", "django", "startproject", "website", "."], cwd=tmp_path, check=True)
        settings = tmp_path / "website/settings.py"
        more = "\nINSTALLED_APPS += ['rest_framework', 'django_simple_auth']\n"
        if USER_MODELS[model]:
            (tmp_path / "people/migrations").mkdir(parents=True)
            for file in ["people/__init__.py", "people/migrations/__init__.py"]:
                (tmp_path / file).touch()
            (tmp_path / "people/models.py").write_text(USER_MODELS[model])
            more += "INSTALLED_APPS += ['people']\nAUTH_USER_MODEL = 'people.User'\n"
            # Django's admin and its log need Django's user model.
            more += "INSTALLED_APPS.remove('django.contrib.admin')\n"
        if TEST_DATABASE != "sqlite":  # pragma: no cover
            more += f"DATABASES = {{'default': {database(TEST_DATABASE, name)!r}}}\n"
            cleanups.append(_create_database(name))
        settings.write_text(settings.read_text() + more)
        (tmp_path / "website/urls.py").write_text(
            f"from django.urls import include, path\n\nurlpatterns = [path({prefix!r}, include({urls!r}))]\n"
        )
        if USER_MODELS[model]:
            manage("makemigrations", "people", "-v0")
        manage("migrate", "contenttypes", "-v0")
        manage("migrate", "-v0")
        manage("check", "--fail-level=WARNING")
        server = Server([sys.executable, "manage.py", "runserver", "--noreload"], cwd=tmp_path, env=environ)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()
    for cleanup in cleanups:  # pragma: no cover
        cleanup()


def _create_database(name: str) -> Callable[[], object]:  # pragma: no cover
    from django.db import connection

    def run(sql: str) -> None:
        with connection._nodb_cursor() as cursor:
            cursor.execute(sql)

    run(f"CREATE DATABASE {name}")
    return lambda: run(f"DROP DATABASE {name}")


PASSWORD = "canary-Correct-Horse-7"


BOB = {"username": "bob", "email": "bob@example.com"}
EMAIL = {"email": "bob@example.com"}
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    ("model", "prefix", "account", "more", "login", "id_pattern"),
    [
        ("stock", "accounts/api/", BOB, {}, "username", r"\d+"),
        ("stock", "", BOB, {}, "username", r"\d+"),
        ("email", "v1/auth/", EMAIL, {}, "email", r"\d+"),
        ("uuid", "api/", BOB, {}, "username", UUID),
        ("email and username", "api/", BOB, {}, "email", r"\d+"),
        ("birthday", "api/", EMAIL, {"date_of_birth": "2000-02-29"}, "email", r"\d+"),
        ("number", "api/", {"number": "4711"}, {}, "number", r"\d+"),
        ("no email", "api/", {"nick": "bob"}, {}, "nick", r"\d+"),
    ],
)
def test_a_project_with_two_lines_has_accounts(
    start_project: Callable[..., Server],
    model: str,
    prefix: str,
    account: dict[str, str],
    more: dict[str, str],
    login: str,
    id_pattern: str,
):
    server = start_project(model, prefix)

    def api(method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        return call(method, f"{server.address}/{prefix}{path}", body, token)

    status, registered = api("POST", "register/", {**account, **more, "password": PASSWORD})
    assert (status, registered) == (201, {"id": registered["id"], **account})
    assert re.fullmatch(id_pattern, str(registered["id"]))

    shouted = {name: value.upper() for name, value in account.items()}
    status, refused = api("POST", "register", {**shouted, **more, "password": PASSWORD})
    assert (status, set(refused)) == (400, set(account))

    status, session = api("POST", "login", {login: account[login], "password": PASSWORD})
    assert (status, session["user"]) == (200, registered)
    for wrong in [{login: account[login], "password": "wrong"}, {login: "nobody", "password": PASSWORD}]:
        assert api("POST", "login", wrong) == (
            400,
            {"non_field_errors": ["Unable to log in with provided credentials."]},
        )

    # "username" is accepted for every model.
    assert api("POST", "login", {"username": account[login], "password": PASSWORD})[0] == 200

    # Only the three models derived from AbstractUser have first and last names.
    names = {"first_name": "", "last_name": ""} if "username" in account else {}
    assert api("GET", "me/", token=session["token"]) == (200, {**registered, **names})

    name, value = next(iter(account.items()))
    other = "4712" if value.isdigit() else "robert"
    # An e-mail address cannot be changed without verification.
    changed = registered if name == "email" else {**registered, name: other}
    assert api("PATCH", "me/", {name: other}, session["token"]) == (200, {**changed, **names})
    again = {login: changed[login], "password": PASSWORD}
    status, another = api("POST", "login/", again)
    assert (status, another["user"]) == (200, changed)
    status, rotated = api("POST", "token/rotate/", token=another["token"])
    assert [entry["current"] for entry in api("GET", "sessions/", token=rotated["token"])[1]] == [True, False, False]
    assert api("POST", "logout/", token=session["token"]) == (204, None)
    assert api("GET", "me/", token=session["token"])[0] == 401

    assert api("DELETE", "me/", {"current_password": PASSWORD}, rotated["token"]) == (204, None)
    assert api("POST", "login/", again)[0] == 400


def test_email_users_log_in_by_email_or_username_in_any_case(start_project: Callable[..., Server]):
    server = start_project("email and username", "api/")
    call("POST", f"{server.address}/api/register/", {**BOB, "password": PASSWORD})
    for name in ["BOB@Example.com", "bob", "BOB"]:
        assert call("POST", f"{server.address}/api/login/", {"email": name, "password": PASSWORD})[0] == 200


@pytest.mark.parametrize("model", ["email", "no email"])
def test_the_email_contract_needs_no_particular_user_model(start_project: Callable[..., Server], model: str):
    server = start_project(model, "api/", "django_simple_auth.contracts.email")
    person = {"first_name": "Bob", "last_name": "Ross", "email": "bob@example.com"}
    status, account = call(
        "POST", f"{server.address}/api/users/registration/", {**person, "password1": PASSWORD, "password2": PASSWORD}
    )
    assert (status, account["email"]) == (201, "bob@example.com")
    status, key = call("POST", f"{server.address}/api/users/login/", {"email": "bob@example.com", "password": PASSWORD})
    assert (status, set(key)) == (200, {"key"})
