"""The tests themselves keep the rules that CONTRIBUTING.md has for them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.docs.pages import name
from tests.house import CHECKOUT

FOLDERS = sorted({module.parent for module in (CHECKOUT / "tests").rglob("*.py")})

every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=name)


@dataclass(frozen=True, slots=True)
class Found:
    """What is looked at in a module."""

    silent: list[str]
    """Tests without a docstring."""
    imported: list[str]
    private: list[str]


def modules(folder: Path) -> dict[str, Found]:
    """What is found in each module of a folder, by its name."""
    return {module.name: found_in(module) for module in sorted(folder.glob("*.py"))}


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


@every_folder
def test_every_test_says_its_rule(folder: Path) -> None:
    """In a docstring: the name tells what happens, the docstring what has to hold."""
    assert [(module, test) for module, found in modules(folder).items() for test in found.silent] == []


@every_folder
def test_no_test_imports_another(folder: Path) -> None:
    """What several need stands in a module that holds no tests, so that each can be read and moved by itself."""
    imported = [(module, path) for module, found in modules(folder).items() for path in found.imported]
    assert [each for each in imported if each[1].rpartition(".")[2].startswith(("test_", "conftest"))] == []


@every_folder
def test_no_test_reaches_for_what_is_private(folder: Path) -> None:
    """It asks what any other part may ask; a name with an underscore belongs to its own class."""
    assert [(module, reached) for module, found in modules(folder).items() for reached in found.private] == []


def _is_private(attribute: str) -> bool:
    return attribute.startswith("_") and not attribute.startswith("__")


def _is_own(value: ast.expr) -> bool:
    """Of the class that it stands in; or of `os`, whose `_exit` has no other name."""
    return isinstance(value, ast.Name) and value.id in ("self", "cls", "os")
