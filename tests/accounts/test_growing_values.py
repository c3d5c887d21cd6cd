"""Values are judged as they will be stored: what grows when it is normalised may no longer fit its column."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from django_simple_auth import accounts
from django_simple_auth.accounts import emails
from django_simple_auth.exceptions import InvalidValue, ValidationErrors
from django_simple_auth.identity import folding
from tests.support.accounts import causes, register
from tests.support.client import PASSWORD

User = get_user_model()

LOWERED = "a@" + ".".join(["İ" * 30] * 7) + ".example"
"""In lower case, each of these letters is two characters."""
FOLDED = "a@" + ".".join(["ß" * 30] * 7) + ".example"
"""Folded, each of these letters is two characters; the column of one-time tokens has 254."""
FDFA = "\ufdfa" * 20
"""Under NFKC, this letter is 18 characters."""
IN_THE_NAME = "İ" * 130 + "@example.com"


def test_the_examples_fit_before_they_are_normalised():
    assert all(len(email) < 254 for email in (LOWERED, FOLDED, IN_THE_NAME))
    assert all(len(folding.fold(email)) > 254 for email in (LOWERED, FOLDED))


def test_a_growing_email_is_refused_at_registration(db: None):
    with pytest.raises(ValidationErrors) as refused:
        register(email=LOWERED)
    assert causes(refused) == {(InvalidValue, "email")}


def test_a_growing_email_is_refused_at_a_change(user: Any, mailbox: Any):
    with pytest.raises(InvalidValue) as refused:
        emails.request_change(user, LOWERED, PASSWORD)
    assert refused.value.field == "email"
    assert not mailbox


@pytest.mark.usefixtures("_verify_first")
def test_a_growing_email_is_refused_by_verify_first():
    with pytest.raises(ValidationErrors) as refused:
        accounts.register_neutrally(username="ann", email=LOWERED, password=PASSWORD)
    assert causes(refused) == {(InvalidValue, "email")}


@pytest.mark.usefixtures("_invite")
@pytest.mark.parametrize("email", [LOWERED, FOLDED])
def test_an_address_that_grows_cannot_be_invited(mailbox: Any, failures: Any, email: str):
    with pytest.raises(ValidationErrors) as refused:
        accounts.invite(email)
    assert causes(refused) == {(InvalidValue, "email")}
    assert (list(mailbox), failures) == ([], [])


def test_a_growing_username_is_refused(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        register(username=FDFA)
    assert causes(refused) == {(InvalidValue, "username")}
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, username=FDFA)
    assert causes(refused) == {(InvalidValue, "username")}


def test_the_stored_email_is_the_one_that_was_judged(db: None):
    assert register(email="Ann@ŻÓŁW.EXAMPLE").email == "Ann@żółw.example"


@pytest.fixture
def _own_normalize_email(monkeypatch: Any) -> None:
    """The project's manager lower-cases whole addresses."""
    manager = type(User._default_manager)
    monkeypatch.setattr(manager, "normalize_email", classmethod(lambda cls, email: (email or "").lower()))


@pytest.mark.usefixtures("_own_normalize_email")
def test_the_managers_own_normal_form_is_judged(user: Any, mailbox: Any):
    with pytest.raises(ValidationErrors) as refused:
        register(email=IN_THE_NAME)
    assert causes(refused) == {(InvalidValue, "email")}
    with pytest.raises(InvalidValue):
        emails.request_change(user, IN_THE_NAME, PASSWORD)


@pytest.mark.usefixtures("_own_normalize_email")
def test_a_change_stores_the_managers_normal_form(user: Any, mailbox: Any):
    emails.request_change(user, "NEW@example.com", PASSWORD)
    assert mailbox[0].to == ["new@example.com"]


@pytest.fixture
def _own_save(monkeypatch: Any) -> None:
    """The project's model changes values when it is saved."""
    real = User.save

    def save(self: Any, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.lower()
        self.first_name = self.first_name.upper()
        real(self, *args, **kwargs)

    monkeypatch.setattr(User, "save", save)


@pytest.mark.usefixtures("_own_save")
@pytest.mark.parametrize(
    ("field", "value"), [("email", IN_THE_NAME), ("first_name", "ß" * 100)], ids=["email", "first_name"]
)
def test_a_value_that_grows_in_save_is_refused(db: None, field: str, value: str):
    with pytest.raises(ValidationErrors) as refused:
        accounts.register(**{"username": "ann", "email": "ann@example.com", "password": PASSWORD, field: value})
    assert causes(refused) == {(InvalidValue, field)}
    assert not User.objects.exists()


@pytest.mark.usefixtures("_own_save")
def test_an_update_that_grows_in_save_is_refused(user: Any):
    with pytest.raises(ValidationErrors) as refused:
        accounts.update(user, first_name="ß" * 100)
    assert causes(refused) == {(InvalidValue, "first_name")}
    assert accounts.update(user, first_name="ß").first_name == "SS"


@pytest.mark.usefixtures("_own_save")
def test_saves_outside_our_services_are_not_judged(user: Any):
    user.first_name = "b"
    user.save()
    assert User.objects.get().first_name == "B"
