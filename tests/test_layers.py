"""What import-linter cannot say: that every module is in a layer, and which ones may know DRF."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import django_simple_auth

PACKAGE = Path(django_simple_auth.__file__).parent
KNOW_DRF = {"authentication", "checks", "contracts", "openapi", "permissions", "views", "wire"}
PYPROJECT = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text()


def rooms() -> set[str]:
    """The modules and folders at the root of the package."""
    modules = {file.stem for file in PACKAGE.glob("*.py")} - {"__init__"}
    return modules | {file.parent.name for file in PACKAGE.glob("*/__init__.py")}


def imported_by(file: Path) -> set[str]:
    """The packages that a file imports from, at any place."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return found


def test_every_module_and_folder_is_in_a_layer():
    (layers,) = re.findall(r"^layers = \[(.*?)^\]", PYPROJECT, re.MULTILINE | re.DOTALL)
    assert set(re.findall(r"\w+", layers)) == rooms() - {"migrations"}


def test_only_these_rooms_import_drf():
    found = {
        file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for file in PACKAGE.rglob("*.py")
        if "rest_framework" in imported_by(file)
    }
    assert found == KNOW_DRF


def test_the_linter_forbids_drf_in_all_other_rooms():
    (modules,) = re.findall(r"^source_modules = \[(.*?)^\]", PYPROJECT, re.MULTILINE | re.DOTALL)
    above = {"admin", "apps", "migrations", "urls"}  # they import views or contracts, or are no services
    assert set(re.findall(r"django_simple_auth\.(\w+)", modules)) == rooms() - KNOW_DRF - above


def test_the_root_stays_small():
    assert len([file for file in PACKAGE.glob("*.py") if file.stem != "__init__"]) <= 16
