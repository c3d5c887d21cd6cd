"""Model fields that store the same on every database."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as datetime_timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime

if TYPE_CHECKING:
    _Timestamp: TypeAlias = models.Field[Any, Any]
else:
    _Timestamp = models.Field

EPOCH = datetime(1970, 1, 1, tzinfo=datetime_timezone.utc)
MICROSECOND = timedelta(microseconds=1)


class TimestampField(_Timestamp):
    """An aware datetime, stored as microseconds since 1970.

    A DateTimeField depends on USE_TZ, on the server's time zone where that is off, and on the database's precision; the
    lifetime of a token must depend on none of them.
    """

    empty_strings_allowed = False

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(self, value: int | None, *args: object) -> datetime | None:
        return None if value is None else EPOCH + value * MICROSECOND

    def to_python(self, value: datetime | str | None) -> datetime | None:
        return parse_datetime(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> int | None:
        value = self.to_python(super().get_prep_value(value))
        if value is None:
            return None
        if timezone.is_naive(value):
            value = timezone.make_aware(value)
        microseconds: int = (value - EPOCH) // MICROSECOND
        return microseconds

    def value_to_string(self, obj: models.Model) -> str:
        value: datetime | None = self.value_from_object(obj)
        return "" if value is None else value.isoformat()


class DigestField(models.BinaryField):  # type: ignore[type-arg]
    """32 raw bytes. MariaDB cannot index the blob column of a plain BinaryField."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "binary(32)" if connection.vendor == "mysql" else super().db_type(connection)

    def from_db_value(self, value: Any, *args: object) -> bytes | None:
        return None if value is None else bytes(value)
