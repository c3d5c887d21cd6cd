"""What comes back when all went well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.functional import Promise
from rest_framework.serializers import BaseSerializer

from ..identity import user_model


@dataclass(frozen=True)
class Outcome:
    """What a flow has to tell. Response serializers take from it what their contract shows, by ``source``."""

    user: AbstractBaseUser | None = None
    token: str | None = field(default=None, repr=False)
    """The secret itself, on the one occasion that it is known."""
    expires_at: datetime | None = None
    row: Any = None
    """What was made, where that is not the user."""
    rows: Sequence[Any] = ()
    """What a list has, for ``Many``."""
    untold: bool = False
    """Whether what came of it is nobody's to know: the answer is what the endpoint has under ``accepted``."""

    @property
    def id(self) -> Any:
        return None if self.user is None else self.user.pk

    @property
    def username(self) -> str | None:
        """What the services call so; the login name where the model has no other."""
        return None if self.user is None else str(getattr(self.user, user_model.username_field()))

    @property
    def email(self) -> str | None:
        """The address; the user name where the model has no other."""
        name = user_model.email_field()
        return self.username if name is None else getattr(self.user, name, None)

    @property
    def first_name(self) -> str:
        return getattr(self.user, "first_name", "")

    @property
    def last_name(self) -> str:
        return getattr(self.user, "last_name", "")


class StaticBody:
    """A body that is always the same: ``StaticBody(status="ok")`` answers ``{"status": "ok"}``."""

    def __init__(self, **body: Any) -> None:
        self.body = body


class Many:
    """A list of the Outcome's rows: ``Many(Shape)`` answers ``[{...}, {...}]``."""

    def __init__(self, shape: type[BaseSerializer[Any]]) -> None:
        self.shape = shape


class Detail(StaticBody):
    """``{"detail": text}``, as DRF says things."""

    def __init__(self, text: str | Promise) -> None:
        super().__init__(detail=text)
