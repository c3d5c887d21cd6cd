"""The form of a token: prefix, random characters, checksum."""

from __future__ import annotations

import re
from typing import Any

import pytest

from django_simple_auth.models import AuthToken
from django_simple_auth.tokens import format as token_format


def test_a_token_is_prefix_43_characters_and_a_checksum_of_6():
    assert re.fullmatch(r"dsa_[0-9A-Za-z]{43}[0-9A-Za-z]{6}", token_format.generate("dsa"))


def test_tokens_are_random():
    assert len({token_format.generate("dsa") for _ in range(100)}) == 100


def test_a_generated_token_is_well_formed():
    assert token_format.is_well_formed(token_format.generate("dsa"))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda secret: secret[:-1],
        lambda secret: secret + "0",
        lambda secret: secret[:10] + ("a" if secret[10] != "a" else "b") + secret[11:],
        lambda secret: secret[:-1] + ("a" if secret[-1] != "a" else "b"),
        lambda secret: "dsk" + secret[3:],
        lambda secret: secret[:20] + "é" + secret[21:],
        lambda secret: secret[:20] + "\0" + secret[21:],
        lambda secret: "",
    ],
)
def test_a_changed_token_is_not_well_formed(spoil: Any):
    assert not token_format.is_well_formed(spoil(token_format.generate("dsa")))


def test_the_prefix_names_the_purpose():
    assert token_format.purpose_of(token_format.generate("dsa")) == AuthToken.Purpose.LOGIN
    assert token_format.purpose_of(token_format.generate("dsk")) == AuthToken.Purpose.KEY


@pytest.mark.parametrize("foreign", ["", "dsa", "dsaX", "ghp_abc", "9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b"])
def test_a_foreign_token_has_no_purpose(foreign: str):
    assert token_format.purpose_of(foreign) is None
