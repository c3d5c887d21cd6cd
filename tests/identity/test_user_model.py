from __future__ import annotations

import pytest

from django_simple_auth.identity import folding, user_model


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
    assert folding.fold(one) == folding.fold(other)


def test_folding_is_stable():
    folded = [folding.fold(chr(code)) for code in range(0x110000)]
    assert [folding.fold(text) for text in folded] == folded


@pytest.mark.parametrize(("one", "other"), [("bob", "bob1"), ("e", "é"), ("ı", "i")])
def test_different_names_stay_different(one: str, other: str):
    assert folding.fold(one) != folding.fold(other)


@pytest.mark.parametrize("name", ["auth_tokens", "groups", "nowhere"])
def test_relations_are_not_fields_of_the_user(name: str):
    assert user_model.field(name) is None


@pytest.mark.parametrize("variant", ["jose", "José", "JOSÉ", "jos\u200bé", "ｊｏｓｅ", "jo.se"])
def test_spellings_share_one_skeleton(variant: str):
    assert folding.skeleton(variant) == "jose"
