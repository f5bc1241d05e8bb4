"""The tests themselves keep the rules that CONTRIBUTING.md has for them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import name
from tests.house import CHECKOUT

MODULES = sorted((CHECKOUT / "tests").rglob("*.py"))

every_module = pytest.mark.parametrize("module", MODULES, ids=name)


@dataclass(frozen=True, slots=True)
class Found:
    """What is looked at in a module."""

    silent: list[str]
    """Tests without a docstring."""
    imported: list[str]
    private: list[str]


@cache
def found_in(module: Path) -> Found:
    """Read once for all rules."""
    nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    reached = [node for node in nodes if isinstance(node, ast.Attribute) and _is_private(node.attr)]
    return Found(
        silent=[f.name for f in functions if f.name.startswith("test_") and not ast.get_docstring(f)],
        imported=[node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)],
        private=[ast.unparse(node) for node in reached if not _is_own(node.value)],
    )


@every_module
def test_every_test_says_its_rule(module: Path) -> None:
    """In a docstring: the name tells what happens, the docstring what has to hold."""
    assert found_in(module).silent == []


@every_module
def test_no_test_imports_another(module: Path) -> None:
    """What several need stands in a module that holds no tests, so that each can be read and moved by itself."""
    last = [(path, path.rpartition(".")[2]) for path in found_in(module).imported]
    assert [path for path, end in last if end.startswith(("test_", "conftest"))] == []


@every_module
def test_no_test_reaches_for_what_is_private(module: Path) -> None:
    """It asks what any other part may ask; a name with an underscore belongs to its own class."""
    assert found_in(module).private == []


def _is_private(attribute: str) -> bool:
    return attribute.startswith("_") and not attribute.startswith("__")


def _is_own(value: ast.expr) -> bool:
    """Of the class that it stands in; or of `os`, whose `_exit` has no other name."""
    return isinstance(value, ast.Name) and value.id in ("self", "cls", "os")
