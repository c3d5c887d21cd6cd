from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

import django_simple_auth

LOCALE = Path(django_simple_auth.__file__).parent / "locale"
LANGUAGES = sorted(path.name for path in LOCALE.iterdir())


def entries(language: str) -> dict[str, str]:
    source = (LOCALE / language / "LC_MESSAGES/django.po").read_text()
    return dict(re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', source, re.MULTILINE))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_compiled(language: str):
    with (LOCALE / language / "LC_MESSAGES/django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, translated in entries(language).items():
        assert translated
        assert compiled.gettext(text.encode().decode("unicode_escape") if "\\" in text else text)
        assert re.findall(r"\{\w+\}|%\(\w+\)s", text) == re.findall(r"\{\w+\}|%\(\w+\)s", translated)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_of_a_refusal_is_left_out(language: str):
    from django_simple_auth import exceptions

    causes = [cause for cause in vars(exceptions).values() if isinstance(cause, type) and "message" in vars(cause)]
    assert {str(cause.message) for cause in causes} <= set(entries(language))


@pytest.fixture
def _back_to_english() -> Iterator[None]:
    """The middleware leaves the last client's language behind."""
    with translation.override("en"):
        yield


@pytest.mark.usefixtures("_back_to_english", "user")
def test_the_native_contract_speaks_the_clients_language_and_a_published_one_english(client: Any, settings: Any):
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    taken = {"username": "ann", "email": "bob@example.com", "password": "canary-Correct-Horse-7"}
    german = client.post("/api/auth/register/", taken, HTTP_ACCEPT_LANGUAGE="de").json()
    assert german == {"email": ["Diese E-Mail-Adresse ist bereits vergeben."]}
    taken = {"username": "bob", "email": "a@example.com", "password": "password"}
    promised = client.post("/contracts/keys/user/register/", taken, HTTP_ACCEPT_LANGUAGE="de").json()
    assert promised == {
        "username": ["A user with that username already exists."],
        "password": ["This password is too common."],
    }
