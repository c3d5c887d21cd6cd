from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_simple_auth.db import clock as system_clock
from django_simple_auth.identity import identifiers
from django_simple_auth.models import Identifier

User = get_user_model()


def names(user: Any) -> set[str]:
    return set(Identifier.objects.filter(user=user).values_list("kind", flat=True))


def test_createsuperuser_claims_names(db: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "x")
    call_command("createsuperuser", "--noinput", "--username=root", "--email=root@example.com", verbosity=0)
    assert (
        identifiers.holder("username", "ROOT") == identifiers.holder("email", "Root@Example.com") == User.objects.get()
    )


def test_a_user_without_an_email_claims_none(db: None):
    assert names(User.objects.create_user("ann")) == {"username"}


def test_a_renamed_user_releases_the_old_name(user: Any):
    user.username = "robert"
    user.save()
    assert identifiers.holder("username", "bob") is None
    assert identifiers.holder("username", "robert") == user
    assert identifiers.holder("email", "bob@example.com") == user


def test_the_first_user_of_an_email_keeps_it(user: Any):
    second = User.objects.create_user("ann", "BOB@example.com")
    assert names(second) == {"username"}
    assert identifiers.holder("email", "bob@example.com") == user


def test_saving_other_fields_costs_no_query_of_ours(user: Any):
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
    # The password that is stored, the save itself, the names that are stored.
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "UPDATE", "SELECT"]


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


def test_migrate_claims_names_of_the_oldest_first(db: None):
    first, second, third = User.objects.bulk_create(
        User(username=name, email=email)
        for name, email in [("a", "same@example.com"), ("b", "Same@example.com"), ("c", "")]
    )
    call_command("migrate", verbosity=0)
    assert (names(first), names(second), names(third)) == ({"username", "email"}, {"username"}, {"username"})


def test_migrate_works_in_batches(db: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(identifiers, "BATCH", 2)
    User.objects.bulk_create(User(username=f"user{number}") for number in range(5))
    identifiers.claim_missing(using="default")
    assert Identifier.objects.count() == 5


def test_sync_identifiers_compares_all_users(db: None, monkeypatch: Any):
    monkeypatch.setattr(identifiers, "BATCH", 2)
    people = [User.objects.create_user(f"user{number}", f"user{number}@example.com") for number in range(3)]
    User.objects.filter(username="user1").update(username="new", email="new@example.com")
    User.objects.bulk_create([User(username="bulk")])
    out = StringIO()
    call_command("sync_identifiers", stdout=out)
    assert out.getvalue() == "4 users compared.\n"
    assert identifiers.holder("email", "NEW@example.com") == people[1]
    assert identifiers.holder("email", "user1@example.com") is None
    assert identifiers.holder("username", "bulk") is not None


def test_users_without_an_email_are_not_loaded(user: Any):
    User.objects.create_user("ann")
    with CaptureQueriesContext(connection) as queries:
        assert not list(identifiers.users_without("email", "default"))
    assert len(queries) == 1


def test_a_database_that_is_not_ours_is_left_alone(user: Any, settings: Any):
    settings.DATABASE_ROUTERS = ["tests.identity.test_identifiers.NothingOfOurs"]
    with CaptureQueriesContext(connection) as queries:
        user.is_active = False
        user.save()
        identifiers.claim_missing(using="default")
    assert len(queries) == 1


class NothingOfOurs:
    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return app_label != "django_simple_auth"


def test_migrate_may_stop_before_our_tables_are_there(db: None, monkeypatch: Any):
    monkeypatch.setattr(Identifier._meta, "db_table", "not_there_yet")
    identifiers.claim_missing(using="default")


def test_a_deleted_users_names_are_free(user: Any):
    user.delete()
    assert identifiers.holder("username", "bob") is None


def test_a_user_from_a_replica_is_looked_up_on_the_primary(user: Any, settings: Any):
    settings.DATABASE_ROUTERS = ["tests.support.routers.PrimaryAndReplica"]
    user._state.db = "replica"
    assert identifiers.unclaimed(user) == []
    assert identifiers.mark_verified(user, "bob@example.com", system_clock.now())
    assert identifiers.is_verified(user)
    User.objects.using("default").update(username="robert")
    user.username = "robert"
    identifiers.sync(user)
    assert identifiers.holder("username", "robert") == user
