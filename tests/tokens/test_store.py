"""Tokens are found, inserted and revoked in one module, and revoked by one function of it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.test.utils import CaptureQueriesContext

import django_simple_auth
from django_simple_auth import accounts, keys, sessions
from django_simple_auth.accounts import emails, passwords
from django_simple_auth.admin.actions import revoke as revoke_as_staff
from django_simple_auth.db import deferred
from django_simple_auth.exceptions import TokenInvalid
from django_simple_auth.models import AuthToken, OneTimeToken, RetiredToken
from django_simple_auth.tokens import issuing, links, rotation, store
from tests.support.client import PASSWORD

PACKAGE = Path(django_simple_auth.__file__).parent
NEW = "canary-Battery-Staple-8"
LinkPurpose = OneTimeToken.Purpose

ONE_MODULE = {
    "AuthToken": {"tokens/store.py"},
    "RetiredToken": {"tokens/store.py"},
    "OneTimeToken": {"tokens/links.py"},
    "KnownDevice": {"mail/known_devices.py"},
    "Identifier": {"identity/identifiers.py"},
    # The row is deleted with an account by accounts, which may not import the services above it.
    "Presence": {"presence.py", "accounts/deletion.py"},
    "ThrottleCounter": {"throttling/stores.py"},
    # The project's user model.
    "model": {"identity/user_model.py"},
}
MANAGERS = {"objects", "_base_manager", "_default_manager"}


def uses_of_managers() -> dict[str, set[str]]:
    """``{model: modules}`` that use one of the model's managers. ``objects.db`` names a database and finds no row."""
    found: dict[str, set[str]] = {}
    for file in PACKAGE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(file.read_text())))
        names = {
            id(node.value)
            for node in nodes
            if isinstance(node, ast.Attribute) and node.attr == "db" and isinstance(node.value, ast.Attribute)
        }
        for node in nodes:
            match node:
                case ast.Attribute(value=ast.Name(id=model), attr=attr) if attr in MANAGERS and id(node) not in names:
                    found.setdefault(model, set()).add(file.relative_to(PACKAGE).as_posix())
    return found


def test_a_table_is_queried_in_one_module():
    assert uses_of_managers() == ONE_MODULE


def test_no_module_reaches_tokens_through_their_user():
    reverse = {"auth_tokens", "auth_one_time_tokens", "retired"}
    for file in PACKAGE.rglob("*.py"):
        reached = {node.attr for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Attribute)}
        assert not reverse & reached, file


def test_no_token_is_deleted_by_its_own_row():
    deleted = {
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "delete" and ast.unparse(node.value) in {"row", "token"}
    }
    assert deleted == set()


def test_a_token_is_found_with_its_user_by_one_query(user: Any):
    row = issuing.issue(user).row
    with CaptureQueriesContext(connection) as queries:
        found = store.find(row.digest)
        assert found is not None
        assert (found, found.user) == (row, user)
        assert store.find(bytes(32)) is None
    assert len(queries) == 2


def deactivate(user: Any) -> None:
    user.is_active = False
    user.save()


def set_password(user: Any) -> None:
    user.set_password(NEW)
    user.save()


def resume_as_inactive(user: Any) -> None:
    issued = issuing.issue(user)
    get_user_model().objects.update(is_active=False)
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)


def reuse_a_rotated_token(user: Any) -> None:
    issued = issuing.issue(user)
    rotation.rotate(issued.row)
    RetiredToken.objects.update(retired_at=issued.row.created_at - timedelta(seconds=11))
    with pytest.raises(TokenInvalid):
        sessions.resume(issued.secret)


def link(purpose: OneTimeToken.Purpose, user: Any) -> str:
    return links.issue(purpose, "bob@example.com", user)


# Of a user with three logins and one key: how many tokens end.
WAYS_TO_END: dict[str, tuple[int, Callable[[Any, Any, Any], Any]]] = {
    "logout": (1, lambda user, login, key: sessions.end(login)),
    "one session": (1, lambda user, login, key: sessions.end_one(user, login.pk)),
    "all sessions": (3, lambda user, login, key: sessions.end_all(user)),
    "all but one": (3, lambda user, login, key: sessions.end_others(user, login)),
    "one key": (1, lambda user, login, key: keys.delete(user, key.pk)),
    "all keys": (1, lambda user, login, key: keys.delete_all(user)),
    "staff, login": (1, lambda user, login, key: revoke_as_staff(login, HttpRequest())),
    "staff, key": (1, lambda user, login, key: revoke_as_staff(key, HttpRequest())),
    "limit": (2, lambda user, login, key: sessions.start(user)),
    "deactivation": (4, lambda user, login, key: deactivate(user)),
    "inactive user": (1, lambda user, login, key: resume_as_inactive(user)),
    "reuse": (1, lambda user, login, key: reuse_a_rotated_token(user)),
    "password set": (4, lambda user, login, key: set_password(user)),
    "password change": (3, lambda user, login, key: passwords.change(user, PASSWORD, NEW, keep=login)),
    "password reset": (4, lambda user, login, key: passwords.reset(link(LinkPurpose.RESET, user), NEW)),
    "e-mail change": (4, lambda user, login, key: emails.verify(link(LinkPurpose.CHANGE, user))),
    "e-mail revert": (4, lambda user, login, key: emails.verify(link(LinkPurpose.REVERT, user))),
    "deletion": (4, lambda user, login, key: accounts.delete(user, PASSWORD)),
}


@pytest.mark.parametrize("way", WAYS_TO_END)
def test_every_token_is_inserted_and_ended_by_the_store(
    user: Any, mailbox: Any, settings: Any, monkeypatch: Any, way: str
):
    eve = issuing.issue(get_user_model().objects.create_user("eve")).row
    login = issuing.issue(user).row
    key = keys.create(user).row
    sessions.start(user)
    sessions.start(user)
    if way == "limit":
        settings.SIMPLE_AUTH = {**settings.SIMPLE_AUTH, "MAX_TOKENS_PER_USER": 2}
    before, inserted, ended = AuthToken.objects.count(), [], []
    insert, revoke = store.insert, store.revoke
    monkeypatch.setattr(store, "insert", lambda row: inserted.append(insert(row)))
    monkeypatch.setattr(store, "revoke", lambda *what, **how: [ended.append(revoke(*what, **how)), ended[-1]][-1])
    count, end = WAYS_TO_END[way]
    end(user, login, key)
    assert before + len(inserted) - AuthToken.objects.count() == sum(ended) == count
    assert AuthToken.objects.filter(pk=eve.pk).exists()


def test_of_two_calls_one_ends_the_token(user: Any):
    row = issuing.issue(user).row
    assert [store.revoke(user, which=Q(pk=row.pk)), store.revoke(user, which=Q(pk=row.pk))] == [1, 0]


def test_revoke_ends_no_token_of_another_user(user: Any):
    eve = issuing.issue(get_user_model().objects.create_user("eve")).row
    assert store.revoke(user, which=Q(pk=eve.pk)) == 0
    assert AuthToken.objects.get() == eve


def test_a_repeated_revocation_spares_a_new_row(user: Any):
    row = issuing.issue(user).row
    assert store.revoke_durably(row) == 1
    row.created_at += timedelta(microseconds=1)
    AuthToken.objects.bulk_create([row])
    deferred.run_pending()
    assert AuthToken.objects.get().pk == row.pk


def test_revoke_counts_no_rows_of_the_project(user: Any, monkeypatch: Any):
    deleted = {"django_simple_auth.AuthToken": 2, "shop.Basket": 3}
    monkeypatch.setattr(QuerySet, "delete", lambda rows: (sum(deleted.values()), deleted))
    assert store.revoke(user) == 2
