"""The tables: tokens, one-time tokens, identifiers, known devices, and counters."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from .db.fields import DigestField, TimestampField
from .db.managers import PrimaryManager


class AuthToken(models.Model):
    """A session on one device, or an API key. Only the SHA-256 of the token is stored."""

    class Purpose(models.TextChoices):
        LOGIN = "login", _("login")
        KEY = "key", _("API key")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_tokens", verbose_name=_("user")
    )
    purpose = models.CharField(_("purpose"), max_length=8, choices=Purpose.choices, default=Purpose.LOGIN)
    digest = DigestField(_("digest"), unique=True)
    name = models.CharField(_("name"), max_length=100, blank=True)
    """The device of the session, or the name of the API key."""
    scopes = models.CharField(_("scopes"), max_length=500, blank=True)
    """What an API key may do, in the project's words, separated by spaces as in RFC 6749, 3.3."""
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
    """A token that was replaced by rotation. A client that still uses it may have stolen it."""

    # Not CASCADE: Django would query these rows at every logout. Rows without a token are deleted by the next
    # clear_expired.
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
    """The token in a link that was sent by e-mail. Only the SHA-256 of the token is stored."""

    class Purpose(models.TextChoices):
        RESET = "reset", _("password reset")
        VERIFY = "verify", _("e-mail verification")
        CHANGE = "change", _("e-mail change")
        REVERT = "revert", _("e-mail change reversal")
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
    """The recipient, and the address that the token verifies."""
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
    """A device from which a user has logged in. Only the SHA-256 of its name is stored."""

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
    """A user who is logged in without a token. It grants no access."""

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
        verbose_name = _("login without a token")
        verbose_name_plural = _("logins without a token")

    def __str__(self) -> str:
        return f"presence {self.pk}"


class Identifier(models.Model):
    """A username or e-mail address that belongs to one user, regardless of case and Unicode form.

    ``auth_user.email`` is not unique, and which usernames are equal depends on the database, so the unique index here
    decides races. A user has no row for a name that another user had first.
    """

    class Kind(models.TextChoices):
        USERNAME = "username", _("username")
        EMAIL = "email", _("e-mail address")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="auth_identifiers", verbose_name=_("user")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    digest = DigestField(_("digest of kind and normalized name"), unique=True)
    verified_at = TimestampField(_("verified"), null=True, blank=True)
    """When the user verified the e-mail address; None for usernames."""

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class ThrottleCounter(models.Model):
    """A count of attempts, or a flag that is set for a while, where no cache can hold it."""

    digest = DigestField(_("digest"), primary_key=True)
    count = models.PositiveIntegerField(_("count"))
    # No index: every attempt would have to update it, and expired rows are searched for only once a day.
    expires_at = TimestampField(_("expires"))

    objects = PrimaryManager()

    class Meta:
        verbose_name = _("throttle counter")
        verbose_name_plural = _("throttle counters")

    def __str__(self) -> str:
        return f"throttle counter {self.pk.hex()}"
