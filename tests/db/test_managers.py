"""Data that decides about access is read from the primary database, because a replica may be behind."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import router
from django.db.models import Count, Exists

import django_simple_auth
from django_simple_auth import accounts, keys, sessions
from django_simple_auth.accounts import emails, passwords
from django_simple_auth.db import clock as system_clock
from django_simple_auth.db.managers import PrimaryManager
from django_simple_auth.exceptions import SessionNotFound, TokenInvalid
from django_simple_auth.identity import identifiers, user_model
from django_simple_auth.mail import known_devices
from django_simple_auth.models import AuthToken, OneTimeToken
from django_simple_auth.throttling.stores import DatabaseStore
from django_simple_auth.tokens import links
from tests.support.client import PASSWORD

PACKAGE = Path(django_simple_auth.__file__).parent
MODELS = list(apps.get_app_config("django_simple_auth").get_models())
NEW = "canary-Battery-Staple-8"


@pytest.fixture
def _replica(settings: Any, db: None) -> None:
    settings.DATABASE_ROUTERS = ["tests.support.routers.PrimaryAndReplica"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.usefixtures("_replica")
def test_every_query_of_a_model_runs_on_the_primary(model: Any):
    assert isinstance(model._default_manager, PrimaryManager)
    assert model.objects.db == "default"
    for rows in [model.objects, model.objects.all(), model.objects.filter(pk__isnull=False).order_by("pk")]:
        assert list(rows.values_list("pk")) == list(rows.iterator()) == []
        assert (rows.count(), rows.first(), rows.exists(), rows.in_bulk()) == (0, None, False, {})
        assert rows.aggregate(rows=Count("pk")) == {"rows": 0}
        with pytest.raises(model.DoesNotExist):
            rows.get()
        assert rows.filter(Exists(model.objects.all())).delete()[0] == 0


@pytest.mark.parametrize("model", MODELS)
def test_a_database_that_is_named_wins(model: Any):
    assert model.objects.using("replica").db == model.objects.db_manager("replica").db == "replica"
    assert model.objects.db_manager("replica").all().db == "replica"


def test_our_rows_can_be_a_subquery_of_rows_on_a_replica(user: Any, monkeypatch: Any):
    sessions.start(user)
    # Django refuses a subquery that using() has bound to another database; here "default" is the replica.
    monkeypatch.setattr(router, "db_for_write", lambda model, **hints: "primary")
    assert AuthToken.objects.db == "primary"
    assert get_user_model().objects.get(pk__in=AuthToken.objects.values("user")) == user


def test_a_query_made_at_import_follows_the_router_of_today(settings: Any):
    prepared = AuthToken.objects.all()
    settings.DATABASE_ROUTERS = ["tests.support.routers.PrimaryAndReplica"]
    assert prepared.db == "default"


@pytest.mark.usefixtures("_replica", "mailbox")
def test_no_service_reads_from_a_replica_what_decides(settings: Any):
    settings.SIMPLE_AUTH = {**settings.SIMPLE_AUTH, "MAX_TOKENS_PER_USER": 1, "EMAIL_VERIFICATION": "optional"}
    user = accounts.register(username="bob", email="bob@example.com", password=PASSWORD)
    with pytest.raises(accounts.registration.ValidationErrors):
        accounts.register(username="bob", email="bob@example.com", password=PASSWORD)
    assert not identifiers.is_verified(user)
    emails.verify(links.issue(OneTimeToken.Purpose.VERIFY, "bob@example.com", user))
    emails.verify(links.issue(OneTimeToken.Purpose.CHANGE, "new@example.com", user))
    user.refresh_from_db(using="default")
    emails.resend_verification("new@example.com")
    passwords.request_reset("new@example.com")
    sessions.start(user)
    issued = sessions.start(user)
    assert sessions.resume(issued.secret).user == user
    rotated = sessions.rotate(issued.row)
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)
    key = keys.create(user, expires_at=system_clock.now() + timedelta(days=1)).row
    assert [[row.id for row in sessions.active(user)], [row.id for row in keys.active(user)]] == [
        [rotated.row.pk],
        [key.pk],
    ]
    keys.warn()
    passwords.change(user, PASSWORD, NEW, keep=rotated.row)
    passwords.reset(links.issue(OneTimeToken.Purpose.RESET, "new@example.com", user), PASSWORD)
    with pytest.raises(SessionNotFound):
        sessions.end_one(user, rotated.row.pk)
    known_devices.forget(user, "Firefox/1")
    assert known_devices.remember(user, "Firefox/1")
    known_devices.forget_others(user, "Safari/1")
    counters = DatabaseStore()
    counters.remember("a", 60)
    assert (counters.remembers("a"), counters.hit("b", 1, 60), counters.hit("b", 1, 60) > 0) == (True, 0, True)
    assert list(sessions.clear_expired()) == list(links.clear_expired()) == []
    user = user_model.all_users().get()
    accounts.delete(user, PASSWORD)
    assert not user_model.all_users().exists()


MAY_CHOOSE_A_DATABASE = {
    "db/managers.py",  # every table of ours
    "db/transactions.py",  # a transaction begins before any query
    "identity/user_model.py",  # the user model's manager is the project's
}


def test_the_primary_is_named_in_no_other_module():
    named = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"db_for_write", "db_for_read"}
    }
    assert named == MAY_CHOOSE_A_DATABASE


def test_all_users_are_queried_in_one_module():
    asked = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "_base_manager"
    }
    assert asked == {"db/compiled.py", "identity/user_model.py"}
