"""What the project's user model calls things."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import FieldDoesNotExist
from django.core.validators import ProhibitNullCharactersValidator
from django.db import router
from django.db.models import F, Field, Q, QuerySet

_DECIDING = {"password", "is_active", "is_staff", "is_superuser"}
"""Columns that decide who may log in, and what they may do."""


def login_field() -> str:
    """The name of the field that users log in with."""
    return get_user_model().USERNAME_FIELD


def email_field() -> str | None:
    """The name of the e-mail field; None if the model has none."""
    name = get_user_model().get_email_field_name()
    return name if has_field(name) else None


def username_field() -> str:
    """The name of the field that ``username`` means: ``username`` if the model has it, else USERNAME_FIELD."""
    return "username" if has_field("username") else login_field()


def identifier_kinds() -> dict[str, str]:
    """``{field: kind of Identifier}`` for the fields that identify a user. An e-mail used as user name is an e-mail."""
    email = email_field()
    found = {username_field(): "username"}
    return found if email is None else {**found, email: "email"}


def is_changeable(name: str) -> bool:
    """Whether users may change what the services call so: a column of the model that grants nothing.

    An e-mail address is changed by a link that is sent to it, also if it is the username.
    """
    field = username_field() if name == "username" else name
    fixed = {"email", email_field(), primary_key().name, primary_key().attname, *_DECIDING}
    return name not in fixed and field not in fixed and has_column(field)


def manager() -> Any:
    """The user model's manager; it must have Django's ``create_user``."""
    return get_user_model()._default_manager


def all_users(using: str | None = None) -> QuerySet[Any]:
    """All users, unfiltered, from the primary database, or from the named one."""
    model = get_user_model()
    return model._base_manager.using(using or router.db_for_write(model))


def normalize_username(username: str) -> str:
    """The form that the user model stores (NFKC, unless the model overrides it)."""
    return get_user_model().normalize_username(username)


def normalize_email(email: str) -> str:
    """The form that the project's manager stores, or Django's managers if it has no ``normalize_email``."""
    normalize = getattr(manager(), "normalize_email", BaseUserManager.normalize_email)
    return str(normalize(email))


def check_login_name(name: str) -> None:
    """Raise ValidationError if the login field cannot hold this value, as an integer field cannot hold letters."""
    # PostgreSQL holds it in no text.
    ProhibitNullCharactersValidator()(name)
    if (model_field := field(login_field())) is not None:  # pragma: no branch
        model_field.to_python(name)


def field(name: str) -> Field[Any, Any] | None:
    """The user model's field of that name; None for relations and for a name that is no field."""
    try:
        found = get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) and not found.is_relation else None


def has_field(name: str) -> bool:
    return field(name) is not None


def has_column(name: str) -> bool:
    """Whether the user model has a column that is called so; foreign keys have one."""
    try:
        found = get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    # Django 5.2 calls many-to-many fields concrete.
    return bool(found.concrete and not found.many_to_many)


def create_user_names(name: str) -> bool:
    """Whether the manager's ``create_user`` has a parameter that is called so; ``**extra_fields`` does not count."""
    parameter = signature(manager().create_user).parameters.get(name)
    return parameter is not None and parameter.kind in {Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY}


def create_user_takes(name: str) -> bool:
    """Whether the manager's ``create_user`` can be called with this keyword."""
    kinds = {parameter.kind for parameter in signature(manager().create_user).parameters.values()}
    return Parameter.VAR_KEYWORD in kinds or create_user_names(name)


def is_unique(name: str) -> bool:
    """Whether the model may reject two users with the same value: by ``unique=True``, or by a constraint.

    A constraint on an expression does not name its fields, so it may mean this one.
    """
    constrained = (getattr(constraint, "fields", None) for constraint in get_user_model()._meta.constraints)
    model_field = field(name)
    return model_field is not None and (model_field.unique or any(names in {(name,), ()} for names in constrained))


def primary_key() -> Field[Any, Any]:
    return get_user_model()._meta.pk


def active() -> Q:
    """That the account is active, as far as its row says: on some models that is a property made of other fields."""
    return Q(is_active=True) if has_field("is_active") else Q()


def lock(user: AbstractBaseUser, *bound_to: Q, **unchanged: Any) -> bool:
    """Lock the user's row until the end of the transaction.

    Returns False if the row is gone, if ``bound_to`` does not hold for it, or if its values differ from ``unchanged``.
    """
    # An UPDATE that changes nothing instead of SELECT ... FOR UPDATE: SQLite has no row locks, but a transaction that
    # begins with a write waits for the writer before it.
    rows = all_users().filter(*bound_to, pk=user.pk, **unchanged)
    return bool(rows.update(password=F("password")))


def email_of(user: AbstractBaseUser) -> str:
    """The user's e-mail address; "" if there is none."""
    name = email_field()
    return "" if name is None else str(getattr(user, name) or "")


def identifiers_of(user: AbstractBaseUser) -> dict[str, str]:
    """``{kind: name}`` for the names that identify this user."""
    return {kind: str(value) for name, kind in identifier_kinds().items() if (value := getattr(user, name))}
