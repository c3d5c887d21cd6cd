"""Keep tokens and identifiers up to date whenever a user is saved: by a service, the admin, a command or your code."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router
from django.db.models import Model
from django.db.models.signals import class_prepared, post_save, pre_save

from .. import sessions
from ..identity import identifiers
from ..models import AuthToken
from . import fields, password_changes, password_upgrades

_UID = "simple_auth.users"


def connect() -> None:
    """Connect the receivers to the user model, its proxies and its children, and to no other model."""
    for model in apps.get_models():
        _listen_to(model)
    # For models that are defined later.
    class_prepared.connect(_listen_to, dispatch_uid=_UID)


def _listen_to(sender: type[Model], **kwargs: Any) -> None:
    # Each class by itself: Django sends these signals with the saved class as sender, not with its parents.
    if issubclass(sender, _user_model()):
        pre_save.connect(_before_save, sender=sender, dispatch_uid=_UID)
        post_save.connect(_after_save, sender=sender, dispatch_uid=_UID)


def _before_save(instance: Any, raw: bool, using: str, update_fields: frozenset[str] | None, **kwargs: Any) -> None:
    if not isinstance(instance, _user_model()):
        return
    password_upgrades.hold_back(instance, update_fields)
    fields.measure(instance)
    if _is_ours(raw, using):
        password_changes.detect(instance, using, update_fields)


def _after_save(
    instance: Any, created: bool, raw: bool, using: str, update_fields: frozenset[str] | None, **kwargs: Any
) -> None:
    if not (isinstance(instance, _user_model()) and _is_ours(raw, using)):
        return
    identifiers.update_on_save(instance, created, using, update_fields)
    if not created:
        password_changes.apply(instance, using)
        # Regardless of ``update_fields``: on some models, is_active is a property that depends on other fields.
        sessions.end_if_deactivated(instance, using)


def _user_model() -> type[AbstractBaseUser]:
    # The model that our tables point to: AUTH_USER_MODEL may name one that a test is about to define. Receivers ask as
    # well, because Django knows a sender by its id(), which another class may get after a user class has gone.
    field: Any = AuthToken._meta.get_field("user")
    model: type[AbstractBaseUser] = field.related_model
    return model


def _is_ours(raw: bool, using: str) -> bool:
    """False for fixtures, which are loaded as they are, and for a database without our tables."""
    return not raw and router.allow_migrate_model(using, AuthToken)
