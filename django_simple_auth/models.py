"""The tables: tokens and one-time tokens, the names of users, known devices, and what else must survive a restart."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .db.fields import DigestField, TimestampField
from .db.managers import PrimaryManager


class AuthToken(models.Model):
    """A login on one device, or an API key. Only the SHA-256 of its secret is stored."""

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
    """What a key may do, in the project's own words, separated by spaces as in RFC 6749, 3.3."""
    ip_address = models.CharField(_("IP address"), max_length=45, blank=True)
    created_at = TimestampField(_("created"))
    expires_at = TimestampField(_("expires"), null=True, blank=True, db_index=True)
    last_used_at = TimestampField(_("last used"))

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.pk}"


class RetiredToken(models.Model):
    """The old secret of a rotated token. A client that still uses it may have stolen it."""

    # Not CASCADE: Django would query this table at every logout. Without their token the rows mean nothing, and the
    # next clear_expired deletes them.
    token = models.ForeignKey(
        AuthToken, on_delete=models.DO_NOTHING, db_constraint=False, related_name="retired", verbose_name=_("token")
    )
    digest = DigestField(_("digest"), unique=True)
    retired_at = TimestampField(_("retired"))

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("retired token")
        verbose_name_plural = _("retired tokens")

    def __str__(self) -> str:
        return f"retired token {self.pk}"


class OneTimeToken(models.Model):
    """A link in an e-mail, valid once. Only the SHA-256 of its secret is stored."""

    class Purpose(models.TextChoices):
        RESET = "reset", _("password reset")
        VERIFY = "verify", _("e-mail verification")
        CHANGE = "change", _("e-mail change")
        REVERT = "revert", _("e-mail change revert")
        INVITE = "invite", _("invitation")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="auth_one_time_tokens",
        verbose_name=_("user"),
    )
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices)
    email = models.CharField(_("e-mail address"), max_length=254)
    """Where it was sent, and which address it verifies."""
    digest = DigestField(_("digest"), unique=True)
    created_at = TimestampField(_("created"))
    expires_at = TimestampField(_("expires"), db_index=True)

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("one-time token")
        verbose_name_plural = _("one-time tokens")

    def __str__(self) -> str:
        return f"{self.get_purpose_display()} {self.pk}"


class KnownDevice(models.Model):
    """A device that a user has logged in from. Only a SHA-256 of its name is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_devices", verbose_name=_("user")
    )
    digest = DigestField(_("digest of user and device"), unique=True)
    seen_at = TimestampField(_("last seen"), db_index=True)

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("known device")
        verbose_name_plural = _("known devices")

    def __str__(self) -> str:
        return f"known device {self.pk}"


class Presence(models.Model):
    """A user who is logged in by a contract without tokens. It grants access to nothing."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="auth_presence",
        verbose_name=_("user"),
    )
    since = TimestampField(_("since"))

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")

    def __str__(self) -> str:
        return f"presence {self.pk}"


class Identifier(models.Model):
    """A username or e-mail address, folded, that belongs to one user alone.

    ``auth_user.email`` is not unique, and which usernames are equal differs between databases; the unique index here
    decides a race. A user has no row for a name that another user claimed first.
    """

    class Kind(models.TextChoices):
        USERNAME = "username", _("username")
        EMAIL = "email", _("email")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_identifiers", verbose_name=_("user")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    digest = DigestField(_("digest of kind and folded name"), unique=True)
    verified_at = TimestampField(_("verified"), null=True, blank=True)
    """When the user verified it; only of e-mail addresses."""

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class ThrottleCounter(models.Model):
    """Counts attempts, or marks something for a while, where no cache does."""

    digest = DigestField(_("digest"), primary_key=True)
    count = models.PositiveIntegerField(_("count"))
    # Without an index, which every attempt would have to update; expired rows are looked for once a day.
    expires_at = TimestampField(_("expires"))

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("throttle counter")
        verbose_name_plural = _("throttle counters")

    def __str__(self) -> str:
        return f"throttle counter {self.pk.hex()}"
