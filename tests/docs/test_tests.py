"""The tests themselves keep the rules that CONTRIBUTING.md has for them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.docs.pages import name
from tests.house import CHECKOUT

MODULES = sorted((CHECKOUT / "tests").rglob("*.py"))

every_module = pytest.mark.parametrize("module", MODULES, ids=name)


def parsed(module: Path) -> list[ast.AST]:
    """All that stands in a module."""
    return list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))


@every_module
def test_every_test_says_its_rule(module: Path) -> None:
    """In a docstring: the name tells what happens, the docstring what has to hold."""
    functions = [found for found in parsed(module) if isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef)]
    tests = [function for function in functions if function.name.startswith("test_")]
    assert [test.name for test in tests if not ast.get_docstring(test)] == []


@every_module
def test_no_test_imports_another(module: Path) -> None:
    """What several need stands in a module that holds no tests, so that each can be read and moved by itself."""
    imported = [found.module or "" for found in parsed(module) if isinstance(found, ast.ImportFrom)]
    assert [path for path in imported if path.rpartition(".")[2].startswith(("test_", "conftest"))] == []


@every_module
def test_no_test_reaches_for_what_is_private(module: Path) -> None:
    """It asks what any other part may ask; a name with an underscore belongs to its own class."""
    reached = [found for found in parsed(module) if isinstance(found, ast.Attribute) and _is_private(found.attr)]
    assert [ast.unparse(found) for found in reached if not _is_own(found.value)] == []


def _is_private(attribute: str) -> bool:
    return attribute.startswith("_") and not attribute.startswith("__")


def _is_own(value: ast.expr) -> bool:
    """Of the class that it stands in; or of `os`, whose `_exit` has no other name."""
    return isinstance(value, ast.Name) and value.id in ("self", "cls", "os")
