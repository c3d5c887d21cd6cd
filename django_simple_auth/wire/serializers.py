"""Serializers that follow the project's user model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth import get_user_model
from rest_framework import serializers

from ..identity import user_model

# What follows has comments for docstrings: drf-spectacular would publish those.


class _Renaming(serializers.Serializer):
    # ``username`` goes by the user model's own name for it. Who sends ``username`` all the same is understood: a client
    # that was written for another model need not change.

    def username_on_the_wire(self) -> str:
        return user_model.username_field()

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


class AccountSerializer(_Renaming):
    # ``username`` and ``email`` as far as the user model has them: where people log in by e-mail and have no user name,
    # ``username`` is called ``email``; on a model without e-mail, ``email`` is left out.

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        if user_model.email_field() is None:
            fields.pop("email", None)
        return fields


class RegistrationSerializer(AccountSerializer):
    # Asks for whatever createsuperuser would ask for: USERNAME_FIELD and REQUIRED_FIELDS.

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        for name in (user_model.login_field(), *get_user_model().REQUIRED_FIELDS):
            model_field = user_model.field(name)
            if model_field is not None and name not in fields:
                field_class, options = serializers.ModelSerializer().build_standard_field(name, model_field)
                # The model's validators are asked by the service; DRF's would query the database here.
                options.pop("validators", None)
                fields[name] = field_class(**options)
        return fields


class ProfileSerializer(_Renaming):
    # What the model lacks is not offered, nor is a ``username`` that is the e-mail address.

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        lacking = {"username", "first_name", "last_name"} - user_model.profile_fields().keys()
        return {name: field for name, field in super().get_fields().items() if str(field.source or name) not in lacking}


class CredentialsSerializer(_Renaming):
    # ``username`` is whatever people log in with.

    def username_on_the_wire(self) -> str:
        return user_model.login_field()
