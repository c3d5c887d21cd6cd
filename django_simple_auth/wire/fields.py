"""Serializer fields that contracts are written in, beside DRF's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timezone
from typing import Any, NoReturn

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from rest_framework import ISO_8601, serializers
from rest_framework.fields import empty

from .. import users

LONGEST_PASSWORD = 4096
"""Characters. Far beyond any passphrase, and short enough to hash without effort."""


class PasswordField(serializers.CharField):
    """Taken exactly as sent (NIST SP 800-63B-4, 3.1.1.2): never trimmed, never shown."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("write_only", True)
        kwargs.setdefault("trim_whitespace", False)
        kwargs.setdefault("max_length", LONGEST_PASSWORD)
        kwargs.setdefault("style", {"input_type": "password"})
        super().__init__(**kwargs)


class RepeatField(serializers.CharField):
    """The same as another field, to guard against typing errors. It goes no further than here."""

    default_error_messages = {"differs": _("The two fields do not match.")}

    def __init__(self, of: str, **kwargs: Any) -> None:
        kwargs.setdefault("write_only", True)
        super().__init__(trim_whitespace=False, **kwargs)
        self.of = of

    def run_validation(self, data: Any = empty) -> NoReturn:
        # Compared as sent, so that a fault of the other field does not hide that they differ.
        if super().run_validation(data) != self.parent.initial_data.get(self.of):
            self.fail("differs")
        raise serializers.SkipField


class IdField(serializers.ReadOnlyField):
    """The user's primary key: a number where it is one, else a string."""

    def to_representation(self, value: Any) -> int | str:
        return value if isinstance(value, int) else str(value)


class InstantField(serializers.DateTimeField):
    """``2026-12-04T10:00:00.123456Z``: UTC, whatever the host's TIME_ZONE and DATETIME_FORMAT are."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format=ISO_8601, default_timezone=timezone.utc, **kwargs)


class WordsField(serializers.Field):
    """A list of texts, refused as a whole: every error of ours is a list of texts, however deep a body is."""

    default_error_messages = {"invalid": _("This must be a list of words.")}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list) or not all(isinstance(word, str) for word in data):
            self.fail("invalid")
        return data

    def to_representation(self, value: str | Sequence[str]) -> list[str]:
        return value.split() if isinstance(value, str) else list(value)


# What follows has comments for docstrings: drf-spectacular would publish those.


class _Renaming(serializers.Serializer):
    # ``username`` goes by the user model's own name for it. Who sends ``username`` all the same is understood: a client
    # that was written for another model need not change.

    def username_on_the_wire(self) -> str:
        return users.name_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sent = getattr(self, "initial_data", None)
        if isinstance(sent, Mapping) and "username" in sent:
            self.initial_data = {self.username_on_the_wire(): sent["username"], **sent}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        wire_name = self.username_on_the_wire()
        if wire_name == "username" or "username" not in fields:
            return fields
        fields["username"].source = "username"
        # Where that is ``email``, and the shape has a field for it anyway, the field for e-mail addresses stays.
        return {wire_name if name == "username" else name: field for name, field in fields.items()}


class Adapted(_Renaming):
    # ``username`` and ``email`` as far as the user model has them: where people log in by e-mail and have no user name,
    # ``username`` is called ``email``; on a model without e-mail, ``email`` is left out.

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if users.email_field() is None:
            fields.pop("email", None)
        return fields


class AdaptedRegistration(Adapted):
    # Asks for whatever createsuperuser would ask for: USERNAME_FIELD and REQUIRED_FIELDS.

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in (users.login_field(), *get_user_model().REQUIRED_FIELDS):
            model_field = users.field(name)
            if model_field is not None and name not in fields:
                field_class, options = serializers.ModelSerializer().build_standard_field(name, model_field)
                # The model's validators are asked by the service; DRF's would query the database here.
                options.pop("validators", None)
                fields[name] = field_class(**options)
        return fields


class AdaptedProfile(_Renaming):
    # What the model lacks is not offered, nor is a ``username`` that is the e-mail address.

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        lacking = {"username", "first_name", "last_name"} - users.profile().keys()
        return {name: field for name, field in super().get_fields().items() if str(field.source or name) not in lacking}


class AdaptedCredentials(_Renaming):
    # ``username`` is whatever people log in with.

    def username_on_the_wire(self) -> str:
        return users.login_field()
