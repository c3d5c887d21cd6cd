"""Which private names of Django, DRF and drf-spectacular the package uses, and that a comment says why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import django_simple_auth

PACKAGE = Path(django_simple_auth.__file__).parent
DOCUMENTED = {"_meta", "_state", "_default_manager", "_base_manager"}
PRIVATE = {
    "_db",
    "_for_write",
    "_get_request_body",
    "_get_response_for_code",
    "_is_list_view",
    "_map_model_field",
    "_password",
    "_request",
    "_route",
}
"""To add a name, write at its use why nothing public does the same, and add a test to test_private_apis.py."""
OF_TESTS = re.compile(r"\boutbox\b|_from_testcase|TestCase\b|sys\.argv|\bpytest\b|\bunittest\b|PYTEST_")


def sources() -> Iterator[tuple[Path, str]]:
    return ((file, file.read_text()) for file in PACKAGE.rglob("*.py") if "migrations" not in file.parts)


def is_private(name: str) -> bool:
    return re.fullmatch(r"_[a-z]\w*", name) is not None and not name.startswith("_simple_auth")


def foreign_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The private names of other packages that a module uses, each with its line."""
    own = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    own |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name) if name in own:
                continue
            case ast.Attribute(attr=name) | ast.alias(name=name):
                pass
            # As in getattr(route, "_route"), vars(user).get("_password") and vars(user)["_password"].
            case ast.Call(func=ast.Name(id="getattr" | "hasattr" | "setattr"), args=[_, ast.Constant(value=name), *_]):
                pass
            case ast.Call(func=ast.Attribute(attr="get" | "pop" | "setdefault"), args=[ast.Constant(value=name), *_]):
                pass
            case ast.Subscript(slice=ast.Constant(value=name)):
                pass
            case _:
                continue
        if is_private(str(name)):
            yield str(name), node.lineno


def overridden_names(module: Any, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The private methods and attributes of other packages' classes that a module replaces, each with its line."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            parents = getattr(module, node.name).__mro__[1:]
            foreign = [cls for cls in parents if not cls.__module__.startswith(PACKAGE.name)]
            for part in node.body:
                name = getattr(part, "name", "")
                if is_private(name) and any(hasattr(cls, name) for cls in foreign):
                    yield name, part.lineno


def uses() -> Iterator[tuple[str, str, int]]:
    """``(name, module, line)`` of every private name of another package."""
    for file, text in sources():
        dotted = ".".join([PACKAGE.name, *file.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")
        tree = ast.parse(text)
        found = [*foreign_names(tree), *overridden_names(import_module(dotted), tree)]
        yield from ((name, dotted, line) for name, line in found if name not in DOCUMENTED)


def test_no_private_name_is_used_that_is_not_listed_here():
    assert {use for use in uses() if use[0] not in PRIVATE} == set()
    assert {name for name, _module, _line in uses()} == PRIVATE


def test_a_comment_says_why_a_private_name_is_used():
    files = {
        ".".join([PACKAGE.name, *file.relative_to(PACKAGE).with_suffix("").parts]): text for file, text in sources()
    }
    explained = {
        name
        for name, module, line in uses()
        if any("Private" in text for text in files[module].splitlines()[max(0, line - 6) : line])
    }
    assert explained == PRIVATE


def test_nothing_in_the_package_asks_whether_a_test_runs():
    assert [(file.name, found) for file, text in sources() if (found := OF_TESTS.findall(text))] == []
