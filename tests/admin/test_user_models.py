"""The admin in a project whose user model has little more than a name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PEOPLE = """
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

class Manager(BaseUserManager):
    def create_user(self, name, password=None, **more):
        user = self.model(**{NAME: name}, **more)
        user.set_password(password)
        user.save()
        return user

NAME = %r

class Person(AbstractBaseUser, PermissionsMixin):
    locals()[NAME] = models.%s(max_length=100, unique=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=True)
    objects = Manager()
    USERNAME_FIELD = NAME
"""
ADMINS = """
from django.contrib import admin
from django_simple_auth.admin import AccountAdmin
from .models import NAME, Person

@admin.register(Person)
class PersonAdmin(AccountAdmin):
    list_display = fields = [NAME]
"""
VISIT = """
import django
from django.conf import settings
from django.contrib import admin
from django.urls import path

APPS = ["admin", "auth", "contenttypes", "messages", "sessions"]
urlpatterns = []
settings.configure(
    SECRET_KEY="not a secret", ROOT_URLCONF=__name__, AUTH_USER_MODEL="people.Person", ALLOWED_HOSTS=["*"], USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[*(f"django.contrib.{app}" for app in APPS), "rest_framework", "django_simple_auth", "people"],
    MIGRATION_MODULES={app: None for app in [*APPS, "django_simple_auth"]},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "people.sqlite3"}},
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }],
    SIMPLE_AUTH={"PUBLIC_URL": "https://www.example.com"},
)
django.setup()
urlpatterns.append(path("admin/", admin.site.urls))

from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from django_simple_auth import sessions
from django_simple_auth.models import AuthToken, Identifier
from people.models import NAME, Person

setup_test_environment()
call_command("check", "--fail-level=WARNING")
call_command("migrate", "--run-syncdb", "--verbosity=0")
user = Person.objects.create_user("bob@example.com", "canary-Correct-Horse-7")
session = sessions.start(user).row
client = Client()
client.force_login(Person.objects.create_user("root", is_superuser=True))
offered = NAME == "email"
for page in ["people/person/", f"people/person/{user.pk}/change/", f"people/person/{user.pk}/delete/",
             "django_simple_auth/authtoken/", f"django_simple_auth/authtoken/{session.pk}/change/",
             "django_simple_auth/authtoken/?q=bob", "django_simple_auth/identifier/?q=bob"]:
    response = client.get(f"/admin/{page}")
    assert response.status_code == 200, page
    assert "bob@example.com" in response.content.decode(), page
    if page.endswith(("/person/", "q=bob")):
        assert ("send_reset" in response.content.decode()) is offered, page
for list_page, row in [("people/person/", user), ("django_simple_auth/identifier/", Identifier.objects.get(user=user))]:
    client.post(f"/admin/{list_page}", {"action": "send_reset", "_selected_action": [row.pk]})
    client.post(f"/admin/{list_page}", {"action": "end_everywhere", "_selected_action": [row.pk]})
assert client.post(f"/admin/people/person/{user.pk}/reset/").status_code == (302 if offered else 403)
assert [message.to for message in mail.outbox] == [["bob@example.com"]] * (3 if offered else 0)
assert not AuthToken.objects.exists()
"""


@pytest.mark.parametrize(("name", "kind"), [("nick", "CharField"), ("email", "EmailField")])
def test_the_admin_works_with_a_minimal_user_model(tmp_path: Path, name: str, kind: str):
    package = tmp_path / "people"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "models.py").write_text(PEOPLE % (name, kind))
    (package / "admin.py").write_text(ADMINS)
    (tmp_path / "visit.py").write_text(VISIT)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    environ.pop("DJANGO_SETTINGS_MODULE")
    subprocess.run([sys.executable, "visit.py"], cwd=tmp_path, env=environ, check=True)
