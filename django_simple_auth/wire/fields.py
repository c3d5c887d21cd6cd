"""Serializer fields for contracts, in addition to DRF's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timezone
from typing import Any, NoReturn

from django.utils.translation import gettext_lazy as _
from rest_framework import ISO_8601, serializers
from rest_framework.fields import empty

LONGEST_PASSWORD = 4096
"""Characters. Longer than any passphrase, and short enough to hash quickly."""


class PasswordField(serializers.CharField):
    """Taken exactly as sent (NIST SP 800-63B-4, 3.1.1.2): never trimmed, never shown."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("write_only", True)
        kwargs.setdefault("trim_whitespace", False)
        kwargs.setdefault("max_length", LONGEST_PASSWORD)
        kwargs.setdefault("style", {"input_type": "password"})
        super().__init__(**kwargs)


class ConfirmationField(serializers.CharField):
    """Repeats another field, to catch typing errors. It is not among the serializer's values."""

    default_error_messages = {"differs": _("The two fields do not match.")}

    def __init__(self, of: str, **kwargs: Any) -> None:
        kwargs.setdefault("write_only", True)
        super().__init__(trim_whitespace=False, **kwargs)
        self.of = of

    def run_validation(self, data: Any = empty) -> NoReturn:
        # Compared as sent, so that an error in the other field does not hide that they differ.
        if super().run_validation(data) != self.parent.initial_data.get(self.of):
            self.fail("differs")
        raise serializers.SkipField


class IdField(serializers.ReadOnlyField):
    """The user's primary key: a number where it is one, else a string."""

    def to_representation(self, value: Any) -> int | str:
        return value if isinstance(value, int) else str(value)


class UTCDateTimeField(serializers.DateTimeField):
    """``2026-12-04T10:00:00.123456Z``: UTC, whatever the project's TIME_ZONE and DATETIME_FORMAT are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=ISO_8601, default_timezone=timezone.utc, **kwargs)


class ScopesField(serializers.Field):
    """A list of texts. It is refused as a whole, because every error of ours is a list of texts, never of objects."""

    default_error_messages = {"invalid": _("Must be a list of strings.")}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(word, str) for word in data):
            self.fail("invalid")
        return data

    def to_representation(self, value: str | Sequence[str]) -> list[str]:
        return value.split() if isinstance(value, str) else list(value)
