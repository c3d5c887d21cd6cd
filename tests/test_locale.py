from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

import django_simple_auth

PACKAGE = Path(django_simple_auth.__file__).parent
LOCALE = PACKAGE / "locale"
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


def texts_in_python() -> set[str]:
    calls = [
        node
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"_", "gettext"}
    ]
    return {ast.literal_eval(call.args[0]) for call in calls}


def texts_in_templates() -> set[str]:
    found = set()
    for file in [*PACKAGE.rglob("*.html"), *PACKAGE.rglob("*.txt")]:
        source = file.read_text()
        found |= set(re.findall(r'{% translate "(.+?)" %}', source))
        blocks = re.findall(r"{% blocktranslate %}(.+?){% endblocktranslate %}", source)
        found |= {re.sub(r"{{ (\w+) }}", r"%(\1)s", block) for block in blocks}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_in_the_sources_is_in_the_catalogue(language: str):
    texts = texts_in_python() | texts_in_templates()
    assert texts == entries(language).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_exception_message_is_translated(language: str):
    from django_simple_auth import exceptions

    causes = [cause for cause in vars(exceptions).values() if isinstance(cause, type) and "message" in vars(cause)]
    assert {str(cause.message) for cause in causes} <= set(entries(language))


@pytest.fixture
def _back_to_english() -> Iterator[None]:
    """LocaleMiddleware leaves the language of the last request active."""
    with translation.override("en"):
        yield


@pytest.mark.usefixtures("_back_to_english", "user")
def test_only_the_native_contract_is_translated(client: Any, settings: Any):
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware", *settings.MIDDLEWARE]
    taken = {"username": "ann", "email": "bob@example.com", "password": "canary-Correct-Horse-7"}
    german = client.post("/api/auth/register/", taken, HTTP_ACCEPT_LANGUAGE="de").json()
    assert german == {"email": ["Diese E-Mail-Adresse ist bereits vergeben."]}
    taken = {"username": "bob", "email": "a@example.com", "password": "password"}
    published = client.post("/contracts/keys/user/register/", taken, HTTP_ACCEPT_LANGUAGE="de").json()
    assert published == {
        "username": ["A user with that username already exists."],
        "password": ["This password is too common."],
    }
