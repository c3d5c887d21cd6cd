"""Values for a new or changed account: mapped to the user model's fields, and validated before they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from ..exceptions import EmailTaken, InvalidValue, SimpleAuthError, UsernameTaken, ValidationErrors
from ..identity import folding, identifiers, user_model

TAKEN: dict[str, type[SimpleAuthError]] = {"username": UsernameTaken, "email": EmailTaken}
"""The exception for an identifier of this kind that another user has."""
_being_saved: ContextVar[AccountFields | None] = ContextVar("simple_auth_being_saved", default=None)


class AccountFields:
    """The arguments of a service, mapped to the user model's fields and normalised as they will be stored.

    ``username`` means the field of that name, or USERNAME_FIELD if there is none. A value that the model has no column
    for is left out, unless its manager's ``create_user`` has a parameter of that name. With an ``owner``, values that
    would not change are left out.
    """

    def __init__(self, values: Mapping[str, Any], owner: AbstractBaseUser | None = None) -> None:
        self._owner = owner
        fields = {
            "username": user_model.username_field(),
            "email": user_model.email_field() or user_model.login_field(),
        }
        self._placed: dict[str, tuple[str, Any]] = {}
        # In this order: if username and e-mail are one field, the username counts.
        for name in sorted(values, key="username".__eq__):
            field = fields.get(name, name)
            if user_model.has_column(field) or (owner is None and user_model.create_user_names(field)):
                value = _normalized(field, values[name])
                if owner is None or value != getattr(owner, field):
                    self._placed[field] = (name, value)

    @property
    def stored(self) -> dict[str, Any]:
        """``{field of the user model: value}``."""
        return {field: value for field, (_name, value) in self._placed.items()}

    @property
    def names(self) -> list[str]:
        """The names of the arguments."""
        return [name for name, _value in self._placed.values()]

    @property
    def email(self) -> str | None:
        """The e-mail address among the values; None if there is none."""
        _name, value = self._placed.get(user_model.email_field() or user_model.login_field(), ("", None))
        return None if value is None else str(value)

    def errors(self) -> list[SimpleAuthError]:
        """Errors of the model's validators, and identifiers that another user has. At most one query."""
        found, holders = self.check()
        return found + [TAKEN[kind]() for kind, user in holders.items() if not self._owner or user.pk != self._owner.pk]

    def check(self) -> tuple[list[SimpleAuthError], dict[str, AbstractBaseUser]]:
        """Errors of the model's validators, and the users who have the other identifiers, by kind.

        At most one query, two with both LOGIN_METHODS.
        """
        found: list[SimpleAuthError] = [*self._invalid(), *self._misleading()]
        invalid = {error.field for error in found}
        names = {
            kind: str(value)
            for field, kind in user_model.identifier_kinds().items()
            if field in self._placed and (value := self._placed[field][1]) and self._placed[field][0] not in invalid
        }
        holders = identifiers.holders(names) if names else {}
        if "email" in names.keys() - holders.keys() and (namesake := identifiers.user_with_username(names["email"])):
            holders["email"] = namesake
        return found, holders

    def _misleading(self) -> Iterator[InvalidValue]:
        """An error if the username could be taken for the e-mail address of another user."""
        name, typed = self._placed.get(user_model.username_field(), ("", None))
        if (
            not identifiers.accepts_username_and_email()
            or user_model.username_field() == user_model.email_field()
            or "@" not in str(typed)
        ):
            return
        own = self.email or (user_model.email_of(self._owner) if self._owner else "")
        if folding.fold(str(typed)) != folding.fold(own):
            text = _("A username that looks like an e-mail address must be your own e-mail address.")
            yield InvalidValue(name, ValidationError(text, "invalid"))

    def _invalid(self) -> Iterator[InvalidValue]:
        for field, (name, value) in self._placed.items():
            if (model_field := user_model.field(field)) is not None:
                try:
                    model_field.clean(value, None)
                except ValidationError as error:
                    yield InvalidValue(name, error)

    def duplicates(self) -> list[SimpleAuthError]:
        """Errors for values that another user has, compared as the database's own unique indexes compare them."""
        model = get_user_model()
        others = user_model.all_users().exclude(pk=self._owner.pk) if self._owner else user_model.all_users()
        found: list[SimpleAuthError] = []
        for field, (name, value) in self._placed.items():
            if user_model.is_unique(field) and others.filter(**{field: value}).exists():
                taken = TAKEN.get(user_model.identifier_kinds().get(field, ""))
                error = model().unique_error_message(model, (field,))
                found.append(InvalidValue(name, error) if taken is None else taken())
        return found

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Raise ``ValidationErrors`` if a user is saved in this block with a value that does not fit its column.

        The project's manager, or ``save()`` of its model, may change values that fitted; the database would crash then.
        """
        before = _being_saved.set(self)
        try:
            yield
        finally:
            _being_saved.reset(before)

    def check_lengths(self, user: AbstractBaseUser) -> None:
        """Raise ``ValidationErrors`` for the values that have been changed to something too long for their column."""
        found: list[SimpleAuthError] = []
        for field, (name, judged) in self._placed.items():
            model_field, value = user_model.field(field), getattr(user, field, judged)
            if model_field is None or value == judged or not isinstance(value, str):
                continue
            # Only the length: what else a project stores is its own business.
            try:
                for validator in model_field.validators:
                    if isinstance(validator, MaxLengthValidator):
                        validator(value)
            except ValidationError as error:
                found.append(InvalidValue(name, error))
        if found:
            raise ValidationErrors(found)

    @sensitive_variables()
    def password_error(self, password: str) -> InvalidValue | None:
        """The error of AUTH_PASSWORD_VALIDATORS for a user with these values; None if the password is accepted."""
        owner = get_user_model()(
            **{field: value for field, value in self.stored.items() if user_model.has_field(field)}
        )
        try:
            password_validation.validate_password(password, owner)
        except ValidationError as error:
            return InvalidValue("password", error)
        return None


def measure(user: AbstractBaseUser) -> None:
    """Before a save: what ``AccountFields.measured`` promises."""
    if (fields := _being_saved.get()) is not None:
        fields.check_lengths(user)


def _normalized(field: str, value: Any) -> Any:
    """The value as it will be stored in this field of the user model."""
    if field in (user_model.login_field(), user_model.username_field()):
        value = user_model.normalize_username(value)
    # Managers make "" of None, but an empty address need not be stored as "".
    if field == user_model.email_field() and isinstance(value, str):
        value = user_model.normalize_email(value)
    return value
