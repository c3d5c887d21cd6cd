"""What the host's user model calls things."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field


def username_field() -> str:
    """Name of the field that people log in with."""
    return get_user_model().USERNAME_FIELD


def email_field() -> str | None:
    """Name of the e-mail field; None where the model has none."""
    name = get_user_model().get_email_field_name()
    return name if has_field(name) else None


def logs_in_by_email() -> bool:
    """Whether the e-mail address is the user name."""
    return username_field() == email_field()


def manager() -> Any:
    """The user model's manager; it must have Django's ``create_user``."""
    return get_user_model()._default_manager


def normalized(username: str) -> str:
    """As the user model stores it (NFKC, unless the model says otherwise)."""
    return get_user_model().normalize_username(username)


def primary_key() -> Field[Any, Any]:
    return get_user_model()._meta.pk


def field_name(domain_name: str) -> str:
    """The model's name for what the services call ``username``, ``email`` or by the field's own name."""
    if domain_name == "username":
        return username_field()
    if domain_name == "email":
        return email_field() or "email"
    return domain_name


def field(domain_name: str) -> Field[Any, Any]:
    """The model field behind a domain name; raises FieldDoesNotExist."""
    model_field = get_user_model()._meta.get_field(field_name(domain_name))
    if not isinstance(model_field, Field):
        raise FieldDoesNotExist(f"{model_field!r} is a relation to the user model, not a field of it.")
    return model_field


def has_field(name: str) -> bool:
    try:
        get_user_model()._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def identifiers(user: AbstractBaseUser) -> dict[str, str]:
    """``{"username": ..., "email": ...}`` as far as the user has them; an e-mail used as username counts as e-mail."""
    found = {}
    email = email_field()
    if not logs_in_by_email():
        found["username"] = user.get_username()
    if email is not None and (address := getattr(user, email)):
        found["email"] = address
    return {kind: value for kind, value in found.items() if value}


def fold(text: str) -> str:
    """The form in which two spellings of one name are equal, on every database: NFKC and casefold."""
    # Folding the case can undo the normal form (U+0345, U+1E9E), hence a second pass.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
