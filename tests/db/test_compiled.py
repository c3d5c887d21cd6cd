"""The compiled look-up is compared with the plain ORM, on models and rows that are made here."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import CaptureQueriesContext, isolate_apps

from django_simple_auth.db.compiled import CompiledLookup
from django_simple_auth.db.fields import DigestField, TimestampField


class Shout(models.CharField):  # type: ignore[type-arg]
    """A field whose stored form differs from the one in Python."""

    def from_db_value(self, value: Any, *args: Any) -> Any:
        return None if value is None else value.upper()


class Hidden(models.Manager[Any]):
    """Hides every row."""

    def get_queryset(self) -> models.QuerySet[Any]:
        return super().get_queryset().none()


def models_of(shape: str) -> tuple[type[models.Model], type[models.Model]]:
    """A model with a digest, and the one that it points to."""

    class Plain(models.Model):
        name = Shout(max_length=20)

        class Meta:
            app_label = "tests"

    class Rich(models.Model):
        id = models.UUIDField(primary_key=True, default=uuid.uuid4)
        name = models.CharField(max_length=20, null=True)
        data = models.JSONField(default=dict)
        price = models.DecimalField(max_digits=9, decimal_places=3)
        born = models.DateField(null=True)
        joined = models.DateTimeField()
        seen_at = TimestampField(null=True)
        active = models.BooleanField(default=True, db_column="is active")
        objects = Hidden()

        class Meta:
            app_label = "tests"

    class Parent(models.Model):
        name = Shout(max_length=20)

        class Meta:
            app_label = "tests"

    class Child(Parent):
        nick = models.CharField(max_length=20)

        class Meta:
            app_label = "tests"

    class Proxy(Plain):
        class Meta:
            app_label = "tests"
            proxy = True

    class Careful(models.Model):
        name = models.CharField(max_length=20)

        @classmethod
        def from_db(cls, db: Any, field_names: Any, values: Any, **more: Any) -> Any:
            made = super().from_db(db, field_names, values, **more)
            vars(made)["loaded"] = dict(zip(field_names, values, strict=True))
            return made

        class Meta:
            app_label = "tests"

    target = {"plain": Plain, "rich": Rich, "child": Child, "proxy": Proxy, "careful": Careful}[shape]

    class Token(models.Model):
        owner = models.ForeignKey(target, models.CASCADE)
        digest = DigestField(unique=True)
        made_at = TimestampField()

        class Meta:
            app_label = "tests"

    return target, Token


def row_of(target: Any, chance: random.Random) -> Any:
    word = "".join(chance.choices("abcäöü🏠 '%", k=chance.randrange(1, 12)))
    moment = datetime.fromtimestamp(chance.randrange(10**9), timezone.utc)
    offered = {
        "name": word,
        "nick": word[::-1],
        "data": {"a": [1, None, word]},
        "price": Decimal(chance.randrange(10**6)) / 1000,
        "born": chance.choice([None, date(1999, 2, 28)]),
        "joined": moment,
        "seen_at": chance.choice([None, moment]),
        "active": chance.choice([True, False]),
    }
    own = {field.name for field in target._meta.concrete_fields}
    return target._base_manager.create(**{name: value for name, value in offered.items() if name in own})


@pytest.fixture(params=["plain", "rich", "child", "proxy", "careful"])
def made(request: Any, transactional_db: None) -> Iterator[tuple[Any, list[bytes]]]:
    """The model with digests, and the digests that are stored."""
    chance = random.Random(request.param)
    with isolate_apps("tests"):
        target, token = models_of(request.param)
        tables = [*(parent for parent in target.__mro__[::-1] if isinstance(parent, models.base.ModelBase)), token]
        tables = [model for model in tables if model is not models.Model and not model._meta.proxy]
        with connection.schema_editor() as editor:
            for model in tables:
                editor.create_model(model)
        digests = [chance.randbytes(32) for _ in range(8)]
        for digest in digests:
            moment = datetime.fromtimestamp(chance.randrange(10**9), timezone.utc)
            token._base_manager.create(owner=row_of(target, chance), digest=digest, made_at=moment)
        yield token, digests
        with connection.schema_editor() as editor:
            for model in reversed(tables):
                editor.delete_model(model)


def content(row: Any) -> dict[str, Any]:
    """Everything an instance holds; its state by what it is loaded from and with."""
    state = vars(row).copy()
    loaded = state.pop("_state")
    related = {name: content(value) for name, value in loaded.fields_cache.items()}
    return {**state, "class": type(row), "db": loaded.db, "adding": loaded.adding, "related": related}


def test_it_finds_what_the_orm_finds(made: Any):
    model, digests = made
    lookup = CompiledLookup(model, "digest", "owner")
    for digest in digests:
        expected = model._base_manager.select_related("owner").get(digest=digest)
        assert content(lookup.find(digest, "default")) == content(expected)
    assert lookup.find(bytes(32), "default") is None


@pytest.mark.parametrize("made", ["rich"], indirect=True)
def test_it_finds_what_the_default_manager_hides(made: Any):
    model, digests = made
    owner = CompiledLookup(model, "digest", "owner").find(digests[0], "default").owner
    assert not type(owner).objects.filter(pk=owner.pk).exists()


def test_it_costs_one_query_also_for_a_value_that_is_not_there(made: Any):
    model, digests = made
    lookup = CompiledLookup(model, "digest", "owner")
    for digest in [*digests, bytes(32)]:
        with CaptureQueriesContext(connection) as queries:
            found = lookup.find(digest, "default")
            assert found is None or found.owner is not None
        assert len(queries) == 1


def test_the_orm_builds_no_query_after_the_first(made: Any, monkeypatch: Any):
    model, digests = made
    lookup = CompiledLookup(model, "digest", "owner")
    lookup.find(digests[0], "default")
    with monkeypatch.context() as patch:
        patch.setattr(models.QuerySet, "filter", None)
        assert lookup.find(digests[1], "default").digest == digests[1]


def test_a_changed_model_is_compiled_again(made: Any):
    model, digests = made
    lookup = CompiledLookup(model, "digest", "owner")
    lookup.find(digests[0], "default")
    field = models.IntegerField(null=True)
    field.set_attributes_from_name("later")
    with connection.schema_editor() as editor:
        field.model = model
        editor.add_field(model, field)
    model.add_to_class("later", models.IntegerField(null=True))
    model._base_manager.update(later=7)
    assert lookup.find(digests[0], "default").later == 7


def test_what_cannot_be_compiled_is_left_to_the_orm(made: Any, monkeypatch: Any):
    model, digests = made
    lookup = CompiledLookup(model, "digest", "owner")
    compiler = model._base_manager.all().query.get_compiler("default")
    real = type(compiler).as_sql

    def with_another_parameter(self: Any, *args: Any, **kwargs: Any) -> Any:
        sql, parameters = real(self, *args, **kwargs)
        return sql.replace("WHERE", "WHERE 1 = %s AND", 1), (1, *parameters)

    with monkeypatch.context() as patch:
        patch.setattr(type(compiler), "as_sql", with_another_parameter)
        lookup.find(digests[0], "default")
    expected = model._base_manager.select_related("owner").get(digest=digests[1])
    assert content(lookup.find(digests[1], "default")) == content(expected)
    assert lookup.find(bytes(32), "default") is None
