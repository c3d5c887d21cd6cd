"""Serializers whose fields follow the project's user model."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from django.contrib.auth import get_user_model
from rest_framework import serializers

from ..identity import user_model

# Comments instead of docstrings, which drf-spectacular would publish.


Fields: TypeAlias = dict[str, serializers.Field[Any, Any, Any, Any]]


def _without(sources: Collection[str], fields: Fields) -> Fields:
    return {name: field for name, field in fields.items() if str(field.source or name) not in sources}


class _Renaming(serializers.Serializer):
    # ``username`` has the user model's own name for it. A client that sends ``username`` all the same is understood: it
    # may have been written for another model.

    def username_on_the_wire(self) -> str:
        return user_model.username_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sent = getattr(self, "initial_data", None)
        if isinstance(sent, Mapping) and "username" in sent:
            self.initial_data = {self.username_on_the_wire(): sent["username"], **sent}

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        wire_name = self.username_on_the_wire()
        if wire_name == "username" or "username" not in fields:
            return fields
        fields["username"].source = "username"
        # If that is ``email``, and the serializer has such a field already, the field for e-mail addresses stays.
        return {wire_name if name == "username" else name: field for name, field in fields.items()}


class AccountSerializer(_Renaming):
    # Fields as far as the user model has them. ``username`` is called ``email`` if people log in by e-mail and have no
    # user name.

    def get_fields(self) -> Fields:
        lacking = {name for name in ("first_name", "last_name") if not user_model.has_column(name)}
        if user_model.email_field() is None:
            lacking.add("email")
        return _without(lacking, super().get_fields())


class RegistrationSerializer(AccountSerializer):
    # Asks for what createsuperuser asks for: USERNAME_FIELD and REQUIRED_FIELDS.

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        for name in (user_model.login_field(), *get_user_model().REQUIRED_FIELDS):
            model_field = user_model.field(name)
            if model_field is not None and name not in fields:
                field_class, options = serializers.ModelSerializer().build_standard_field(name, model_field)
                # The service calls the model's validators; DRF's would query the database here.
                options.pop("validators", None)
                fields[name] = field_class(**options)
        return fields


class ProfileSerializer(_Renaming):
    # Only what the user may change: not what the model lacks, nor a ``username`` that is the e-mail address.

    def get_fields(self) -> Fields:
        fixed = {name for name in ("username", "first_name", "last_name") if not user_model.is_changeable(name)}
        return _without(fixed, super().get_fields())


class CredentialsSerializer(_Renaming):
    # ``username`` is what people log in with.

    def username_on_the_wire(self) -> str:
        return user_model.login_field()
