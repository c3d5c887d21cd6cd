"""What a view answers, and the shapes in which a contract shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Model
from django.utils.functional import Promise
from rest_framework.serializers import BaseSerializer

from ..identity import user_model


@dataclass(frozen=True)
class Outcome:
    """What a view has done. Response serializers take from it what their contract shows, by ``source``."""

    user: AbstractBaseUser | None = None
    token: str | None = field(default=None, repr=False)
    """The secret itself, the one time that it is known."""
    expires_at: datetime | None = None
    item: object = None
    """What was made or found, if that is not the user: a value such as ``keys.Key``, never a model instance."""
    items: Sequence[object] = ()
    """The values of a list, for ``Many``."""

    def __post_init__(self) -> None:
        if any(isinstance(value, Model) for value in (self.item, *self.items)):
            raise TypeError("An Outcome takes values, not model instances: a contract could show any of their columns.")

    @property
    def id(self) -> Any:
        return None if self.user is None else self.user.pk

    @property
    def username(self) -> str | None:
        """The user model's field of that name; its USERNAME_FIELD if it has none."""
        return None if self.user is None else str(getattr(self.user, user_model.username_field()))

    @property
    def email(self) -> str | None:
        """The e-mail address; the user name if the model has no e-mail field."""
        name = user_model.email_field()
        return self.username if name is None else getattr(self.user, name, None)

    @property
    def first_name(self) -> str:
        return getattr(self.user, "first_name", "")

    @property
    def last_name(self) -> str:
        return getattr(self.user, "last_name", "")


@dataclass(frozen=True)
class Accepted:
    """The request was accepted (202), and the answer says nothing about what came of it."""


class StaticBody:
    """A body that is always the same: ``StaticBody(status="ok")`` answers ``{"status": "ok"}``."""

    def __init__(self, **body: Any) -> None:
        self.body = body


class Many:
    """A list of the Outcome's items: ``Many(Shape)`` answers ``[{...}, {...}]``."""

    def __init__(self, shape: type[BaseSerializer[Any]]) -> None:
        self.shape = shape


class Detail(StaticBody):
    """``{"detail": text}``, as DRF writes a message."""

    def __init__(self, text: str | Promise) -> None:
        super().__init__(detail=text)


Shape: TypeAlias = "type[BaseSerializer[Any]] | Many | StaticBody"


def render(shape: Shape, value: Any, context: Mapping[str, Any]) -> Any:
    """The body: the value in this shape. ``context`` is the serializers'."""
    if isinstance(shape, StaticBody):
        # Translated now: the response is rendered later, when the contract's language is no longer active.
        return {name: str(text) if isinstance(text, Promise) else text for name, text in shape.body.items()}
    if isinstance(shape, Many):
        return shape.shape(value.items, many=True, context=context).data
    return shape(value, context=context).data
