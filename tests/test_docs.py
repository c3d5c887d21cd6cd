"""The README and the docs agree with the code."""

from __future__ import annotations

import ast
import logging
import re
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

import django_simple_auth
from django_simple_auth import conf, signals
from django_simple_auth.checks.contracts import IDS
from django_simple_auth.checks.versions import DJANGO, DRF
from django_simple_auth.tokens import links

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def test_the_settings_table_has_every_setting_and_default():
    rows = re.findall(r'^\| `(?:SIMPLE_AUTH\["(\w+)"\]|(\w+))` \| `(.+?)` \|', README, re.MULTILINE)
    table = {key or name: ast.literal_eval(default) for key, name, default in rows}
    assert table == {
        "TOKEN_EXPIRED_AFTER_SECONDS": conf.DEFAULT_LIFETIME,
        "TOKEN_IDLE_TIMEOUT_SECONDS": None,
        "MAX_TOKENS_PER_USER": None,
        "THROTTLE_RATES": conf.DEFAULT_RATES,
        "THROTTLE_STORE": "cache",
        "DELETE_ACCOUNT": None,
        "REGISTRATION": "open",
        "EMAIL_VERIFICATION": "off",
        "PUBLIC_URL": None,
        "SITE_NAME": None,
        "FRONTEND_URLS": conf.DEFAULT_FRONTEND_URLS,
        "ACKNOWLEDGED_RISKS": (),
        "LOGIN_METHODS": (),
        "LOGIN_STEPS": (),
        "NOTIFICATIONS": conf.DEFAULT_NOTIFICATIONS,
        "KEEP_KEYS_ON_CHANGE": False,
        "COOKIE_NAME": conf.DEFAULT_COOKIE_NAME,
    }
    assert set(table) - {"TOKEN_EXPIRED_AFTER_SECONDS"} == conf.KEYS


def test_the_throttling_page_has_every_scope_and_rate():
    rows = re.findall(r"^\| `(\w+)` \| `(.+?)` \|", (ROOT / "docs/throttling.md").read_text(), re.MULTILINE)
    assert dict(rows) == conf.DEFAULT_RATES


def test_the_endpoint_table_is_the_native_contract():
    from django_simple_auth.contracts.native import contract

    rows = re.findall(r"^\| `(\w+) ([\w/<>]+)`(?: `.+?`)? \| (\d+)", README, re.MULTILINE)
    assert [(method, path) for method, path, _status in rows] == [
        (endpoint.method, re.sub(r"<.+?>", "<id>", endpoint.path)) for endpoint in contract.endpoints
    ]
    assert [int(status) for *_, status in rows] == [
        204 if endpoint.response is None else endpoint.status for endpoint in contract.endpoints
    ]


@pytest.mark.parametrize("name", ["message", "profile", "keys", "email", "presence"])
def test_the_contracts_page_has_every_published_endpoint(name: str):
    contract = import_module(f"django_simple_auth.contracts.{name}").contract
    (row,) = re.findall(rf"^\| `{name}` \|.*", (ROOT / "docs/contracts.md").read_text(), re.MULTILINE)
    named = [(method, path.partition("?")[0]) for method, path in re.findall(r"`(POST|GET) ([^`]+)`", row)]
    declared = [(endpoint.method, re.sub(r"<\w+:", "<", endpoint.path)) for endpoint in contract.endpoints]
    assert named == declared


@pytest.mark.parametrize("name", ["message", "profile", "keys", "email", "presence"])
def test_a_contract_is_short_and_has_no_logic(name: str):
    source = Path(import_module(f"django_simple_auth.contracts.{name}").__file__ or "").read_text()
    assert len(source.splitlines()) <= 120
    logic = (ast.FunctionDef, ast.If, ast.For, ast.While, ast.Try, ast.Lambda, ast.IfExp)
    assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, logic)]


CHECKS = Path(django_simple_auth.__file__).parent / "checks"
COMMANDS = {
    ("check", False): "check",
    ("check", True): "check --deploy",
    ("check_database", False): "check --database",
    ("check_database", True): "check --deploy --database",
}


def declared_checks() -> list[tuple[str, str]]:
    """Every id with the command that reports it, read from the functions' docstrings and decorators."""
    found = []
    nodes = [node for file in CHECKS.glob("*.py") for node in ast.parse(file.read_text()).body]
    for node in nodes:
        match node:
            case ast.FunctionDef(decorator_list=[ast.Call(func=ast.Name(id=decorator), keywords=keywords)]):
                ids = (ast.get_docstring(node) or "").partition(":")[0]
                command = COMMANDS[decorator, bool(keywords)]
                found += [(number, command) for number in re.findall(r"[EW]\d{3}", ids)]
    return sorted(found)


def test_the_checks_page_has_every_check_and_its_command():
    page = (ROOT / "docs/checks.md").read_text()
    assert re.findall(r"^\| `([EW]\d+)` \| `(.+?)` \| \S.+ \|$", page, re.MULTILINE) == declared_checks()


def test_every_check_id_is_used_and_tested():
    ids = [number for number, _command in declared_checks()]
    source, tests = (
        "".join(file.read_text() for file in folder.glob(pattern))
        for folder, pattern in [(CHECKS, "*.py"), (ROOT / "tests/checks", "test_*.py")]
    )
    assert sorted(set(re.findall(r'"django_simple_auth\.([EW]\d{3})"', source))) == ids
    assert {number for number in ids if number.lower() not in tests.lower()} == set()
    assert IDS.keys() == conf.RISKS.keys()


def test_the_version_check_and_pyproject_agree():
    dependencies = (ROOT / "pyproject.toml").read_text()
    for name, oldest in [("Django", DJANGO[0]), ("djangorestframework", DRF)]:
        assert f'"{name}>={".".join(map(str, oldest))}"' in dependencies


def modules_and_folders() -> set[str]:
    package = Path(django_simple_auth.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    return modules | {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}


def test_the_architecture_page_explains_every_folder():
    page = (ROOT / "docs/architecture.md").read_text()
    captions = set()
    for row in re.findall(r"^\| (`.+?) \|", page, re.MULTILINE):
        captions |= set(re.findall(r"`([\w/]+)`", row))
    assert captions == modules_and_folders()


def test_contributing_names_every_module_and_folder():
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert modules_and_folders() <= set(re.findall(r"`([\w/]+)`", page))


def test_the_contracts_page_has_every_native_endpoint():
    from django_simple_auth.contracts.native import contract

    (names,) = re.findall(r"that of its URL: (.+?)\. The views", (ROOT / "docs/contracts.md").read_text(), re.DOTALL)
    assert re.findall(r"`(\w+)`", names) == [endpoint.name for endpoint in contract.endpoints]


def test_the_mail_page_names_every_message():
    page = (ROOT / "docs/accounts/mail.md").read_text()
    rows = re.findall(r"^\| (`.+?) \|", page, re.MULTILINE)
    templates = Path(django_simple_auth.__file__).parent / "templates/django_simple_auth/mail"
    assert set(re.findall(r"`(\w+)`", "".join(rows))) == {path.name.partition(".")[0] for path in templates.iterdir()}


def test_the_mail_page_says_how_long_each_link_is_valid():
    page = (ROOT / "docs/accounts/mail.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (\d+) (minute|day)s? \|$", page, re.MULTILINE)
    assert {name: timedelta(**{f"{unit}s": int(number)}) for name, number, unit in rows} == links.LIFETIMES


def sent_facts() -> dict[str, set[str]]:
    """For each signal, the facts that it is sent with anywhere in the package."""
    found: dict[str, set[str]] = {}
    for file in Path(django_simple_auth.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="send", value=ast.Attribute(attr=signal, value=ast.Name(id="signals")))
                ):
                    found.setdefault(signal, set()).update(
                        str(keyword.arg) for keyword in node.keywords if keyword.arg not in {"user", "request"}
                    )
    return found


def test_the_signals_page_has_every_signal_and_its_facts():
    page = (ROOT / "docs/signals.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ([A-Z]+) \| \S.*? \| (.*?)\|$", page, re.MULTILINE)
    table = [(name, record, level, set(re.findall(r"`(\w+)`", facts))) for name, record, level, facts in rows]
    facts = sent_facts()
    assert table == [
        (name, signal.name, logging.getLevelName(signal.level), facts[name])
        for name, signal in vars(signals).items()
        if isinstance(signal, signals.AccountSignal)
    ]


@pytest.mark.parametrize("page", [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], ids=lambda page: page.stem)
def test_links_point_to_existing_files(page: Path):
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_changelog_has_an_unreleased_section():
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()


def test_no_test_has_a_name_above_60_characters():
    names = [
        name for file in (ROOT / "tests").rglob("*.py") for name in re.findall(r"def (test_\w+)", file.read_text())
    ]
    assert len(names) > 500
    assert [name for name in names if len(name) > 60] == []


def test_no_module_has_more_than_300_lines():
    modules = Path(django_simple_auth.__file__).parent.rglob("*.py")
    assert [file.name for file in modules if len(file.read_text().splitlines()) > 300] == []


WRITTEN = {".py", ".md", ".txt", ".html"}
PRONOUNS = ("he", "his", "him", "himself")


def test_people_are_called_they():
    folders = [Path(django_simple_auth.__file__).parent, ROOT / "tests", ROOT / "docs", ROOT / "example_project"]
    files = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(file for folder in folders for file in folder.rglob("*"))]
    found = [
        f"{file.name}:{number}: {line}"
        for file in files
        if file.suffix in WRITTEN and file != Path(__file__)
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(rf"\b({'|'.join(PRONOUNS)})\b", line, re.IGNORECASE)
    ]
    assert found == []
