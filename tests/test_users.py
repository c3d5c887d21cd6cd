from __future__ import annotations

import pytest
from django.core.exceptions import FieldDoesNotExist

from django_simple_auth import users


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("bob", "BOB"),
        ("bob", "ｂｏｂ"),
        ("straße", "STRASSE"),
        ("ﬁne", "FINE"),
        ("\u1e9e", "ss"),
        ("e\u0301", "É"),
        ("\u03b1\u0345", "\u1fb3"),
    ],
)
def test_two_spellings_of_one_name_fold_alike(one: str, other: str):
    assert users.fold(one) == users.fold(other)


def test_folding_is_stable():
    folded = [users.fold(chr(code)) for code in range(0x110000)]
    assert [users.fold(text) for text in folded] == folded


@pytest.mark.parametrize(("one", "other"), [("bob", "bob1"), ("e", "é"), ("ı", "i")])
def test_different_names_stay_different(one: str, other: str):
    assert users.fold(one) != users.fold(other)


def test_a_relation_to_the_user_is_no_field_of_it():
    with pytest.raises(FieldDoesNotExist):
        users.field("auth_tokens")
