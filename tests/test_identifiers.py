from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth import identifiers
from django_simple_auth.models import Identifier

User = get_user_model()


def names(user: Any) -> set[str]:
    return set(Identifier.objects.filter(user=user).values_list("kind", flat=True))


def test_whoever_makes_a_user_the_names_are_claimed(db: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "x")
    call_command("createsuperuser", "--noinput", "--username=root", "--email=root@example.com", verbosity=0)
    assert (
        identifiers.holder("username", "ROOT") == identifiers.holder("email", "Root@Example.com") == User.objects.get()
    )


def test_a_user_without_an_email_claims_none(db: None):
    assert names(User.objects.create_user("ann")) == {"username"}


def test_a_renamed_user_gives_the_old_name_up(user: Any):
    user.username = "robert"
    user.save()
    assert identifiers.holder("username", "bob") is None
    assert identifiers.holder("username", "robert") == user
    assert identifiers.holder("email", "bob@example.com") == user


def test_a_second_user_of_the_same_email_is_no_error_and_the_first_holds_it(user: Any):
    second = User.objects.create_user("ann", "BOB@example.com")
    assert names(second) == {"username"}
    assert identifiers.holder("email", "bob@example.com") == user


def test_saving_fields_that_name_nobody_costs_no_query_of_ours(user: Any):
    with CaptureQueriesContext(connection) as queries:
        user.save(update_fields=["last_login"])
    assert len(queries) == 1


def test_saving_the_email_alone_is_followed(user: Any):
    user.email = "new@example.com"
    user.save(update_fields=["email"])
    assert identifiers.holder("email", "new@example.com") == user


def test_saving_an_unchanged_user_writes_nothing_of_ours(user: Any):
    with CaptureQueriesContext(connection) as queries:
        user.save()
    assert len(queries) == 2


def test_a_proxy_of_the_user_model_is_a_user(user: Any):
    class Customer(User):  # type: ignore[misc, valid-type]
        class Meta:
            proxy = True
            app_label = "auth"

    customer = Customer.objects.get()
    customer.username = "customer"
    customer.save()
    assert identifiers.holder("username", "customer") == user


def test_fixtures_are_loaded_as_they_are(db: None):
    user = User(username="loaded")
    user.save_base(raw=True)
    assert names(user) == set()


def test_migrate_claims_for_users_who_came_in_bulk_the_oldest_first(db: None):
    first, second, third = User.objects.bulk_create(
        User(username=name, email=email)
        for name, email in [("a", "same@example.com"), ("b", "Same@example.com"), ("c", "")]
    )
    call_command("migrate", verbosity=0)
    assert (names(first), names(second), names(third)) == ({"username", "email"}, {"username"}, {"username"})


def test_migrate_works_in_batches(db: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(identifiers, "_BATCH", 2)
    User.objects.bulk_create(User(username=f"user{number}") for number in range(5))
    identifiers.catch_up()
    assert Identifier.objects.count() == 5


def test_a_deleted_users_names_are_free(user: Any):
    user.delete()
    assert identifiers.holder("username", "bob") is None
