"""Whatever goes wrong in storage is one kind of error, and says what it is."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import storage
from storage.errors import ExpectationFailed, StorageError


def errors() -> Iterator[type[Exception]]:
    """The errors that storage defines, in whatever module."""
    for found in pkgutil.walk_packages(storage.__path__, "storage."):
        module = import_module(found.name)
        for _, member in inspect.getmembers(module, inspect.isclass):
            if issubclass(member, Exception) and member.__module__ == module.__name__:
                yield member


@pytest.mark.parametrize("error", tuple(errors()), ids=lambda error: error.__name__)
def test_every_error_of_storage_has_one_root(error: type[Exception]) -> None:
    """So that whoever calls can catch what may go wrong here, and nothing else; its docstring is what it says."""
    assert issubclass(error, StorageError)
    assert error.__doc__
    if "__init__" not in vars(error):
        assert str(error()) == error.__doc__.strip()


def test_an_expectation_that_failed_tells_of_which_statement() -> None:
    """And what was found in place of what was expected."""
    failed = ExpectationFailed("UPDATE a\n SET b = 1", 1, 0)
    assert (failed.expected, failed.found) == (1, 0)
    assert str(failed) == "expected 1 row(s), found 0: UPDATE a SET b = 1"


def test_any_error_at_all_is_caught_only_to_be_handed_on() -> None:
    """Where callers wait: `_write` for everybody, the writer's others for a unit's, the reader's for queries."""
    places = set()
    for file in Path(storage.__file__).parent.rglob("*.py"):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                handlers = (node for node in ast.walk(function) if isinstance(node, ast.ExceptHandler))
                if any(isinstance(node.type, ast.Name) and node.type.id == "Exception" for node in handlers):
                    places.add((file.name, function.name))
    assert places == {
        ("writer.py", "run_batch"),
        ("writer.py", "_run_apart"),
        ("database.py", "_write"),
        ("group_reader.py", "_answer"),
        ("group_reader.py", "read_group"),
        ("readers.py", "fetch_all"),
        ("readers.py", "_answer"),
    }
