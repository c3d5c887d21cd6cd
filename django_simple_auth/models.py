"""What is kept: one row per login or key, one row per name that identifies somebody."""

from __future__ import annotations

from datetime import datetime, timedelta
from datetime import timezone as datetime_timezone
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    _Instant: TypeAlias = models.Field[Any, Any]
else:
    _Instant = models.Field

EPOCH = datetime(1970, 1, 1, tzinfo=datetime_timezone.utc)
MICROSECOND = timedelta(microseconds=1)


class InstantField(_Instant):
    """An aware datetime, stored as microseconds since 1970.

    A DateTimeField depends on USE_TZ, on the server's zone where that is off, and on the database's precision; the
    seconds that a token lives must depend on none of them.
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
        instant: int = (value - EPOCH) // MICROSECOND
        return instant

    def value_to_string(self, obj: models.Model) -> str:
        value: datetime | None = self.value_from_object(obj)
        return "" if value is None else value.isoformat()


class DigestField(models.BinaryField):  # type: ignore[type-arg]
    """32 raw bytes. MariaDB cannot index the blob that a plain BinaryField is there."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "binary(32)" if connection.vendor == "mysql" else super().db_type(connection)

    def from_db_value(self, value: Any, *args: object) -> bytes | None:
        return None if value is None else bytes(value)


class AuthToken(models.Model):
    """A login on one device, or an API key. Of the secret only the SHA-256 is here."""

    class Purpose(models.TextChoices):
        LOGIN = "login", _("login")
        KEY = "key", _("API key")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_tokens", verbose_name=_("user")
    )
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices, default=Purpose.LOGIN)
    digest = DigestField(_("digest"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    """Of the device that logged in, or of the key."""
    scopes = models.CharField(_("scopes"), max_length=500, blank=True)
    """What a key may do, in the host's words, with spaces between them as in RFC 6749, 3.3."""
    address = models.CharField(_("address"), max_length=45, blank=True)
    created_at = InstantField(_("created"))
    expires_at = InstantField(_("expires"), null=True, blank=True, db_index=True)
    last_used_at = InstantField(_("last used"))

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.pk}"


class RetiredToken(models.Model):
    """A secret that was rotated away. Whoever still shows it may have stolen it."""

    # Not CASCADE: Django would ask for these rows at every logout. Without their token they mean nothing, and go with
    # the next clear_expired.
    token = models.ForeignKey(
        AuthToken, on_delete=models.DO_NOTHING, db_constraint=False, related_name="retired", verbose_name=_("token")
    )
    digest = DigestField(_("digest"), unique=True)
    retired_at = InstantField(_("retired"))

    class Meta:
        verbose_name = _("retired token")
        verbose_name_plural = _("retired tokens")

    def __str__(self) -> str:
        return f"retired token {self.pk}"


class MailedSecret(models.Model):
    """A secret in somebody's mailbox, good once. Of the secret only the SHA-256 is here."""

    class Purpose(models.TextChoices):
        RESET = "reset", _("password reset")
        VERIFY = "verify", _("e-mail proof")
        CHANGE = "change", _("e-mail change")
        REVERT = "revert", _("way back from an e-mail change")
        INVITE = "invite", _("invitation")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="auth_mailed_secrets",
        verbose_name=_("user"),
    )
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices)
    address = models.CharField(_("address"), max_length=254)
    """Where it was sent, and what it proves."""
    digest = DigestField(_("digest"), unique=True)
    created_at = InstantField(_("created"))
    expires_at = InstantField(_("expires"), db_index=True)

    class Meta:
        verbose_name = _("mailed secret")
        verbose_name_plural = _("mailed secrets")

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.pk}"


class KnownDevice(models.Model):
    """A device that a user has logged in from. Of what it calls itself only a SHA-256 is here."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_devices", verbose_name=_("user")
    )
    digest = DigestField(_("digest of user and device"), unique=True)
    seen_at = InstantField(_("last seen"), db_index=True)

    class Meta:
        verbose_name = _("known device")
        verbose_name_plural = _("known devices")

    def __str__(self) -> str:
        return f"known device {self.pk}"


class Presence(models.Model):
    """A user who is logged in by a contract that knows no tokens. It opens nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="auth_presence",
        verbose_name=_("user"),
    )
    since = InstantField(_("since"))

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")

    def __str__(self) -> str:
        return f"presence {self.pk}"


class Identifier(models.Model):
    """A name, folded, that belongs to one user alone.

    ``auth_user.email`` is not unique, and what ``username`` calls equal differs between databases; the unique index
    here is what decides a race. A user may lack a row: whoever had the name first holds it.
    """

    class Kind(models.TextChoices):
        USERNAME = "username", _("username")
        EMAIL = "email", _("email")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_identifiers", verbose_name=_("user")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    digest = DigestField(_("digest of kind and folded name"), unique=True)
    verified_at = InstantField(_("verified"), null=True, blank=True)
    """When the user proved that the address is his; only of e-mail addresses."""

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class Counter(models.Model):
    """How often something was tried, or that something is so for a while, where no cache can say it."""

    digest = DigestField(_("digest"), primary_key=True)
    count = models.PositiveIntegerField(_("count"))
    # Without an index, which every attempt would have to write; those whose end has come are looked for once a day.
    until = InstantField(_("until"))

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")

    def __str__(self) -> str:
        return f"counter {self.pk.hex()}"
