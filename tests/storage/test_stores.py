"""Stores: read from the database, and make statements without one."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_type_hints

import pytest

import storage.tables
import storage.views
from storage.database import Database
from storage.erasure import Erasure
from storage.statement import Statement
from storage.stores import Stores
from storage.tables.memories import Memories

NEED_THE_INDEX = {Memories.add, Memories.replace, Memories.remove, Memories.forget, Erasure.of}
"""What is written depends on whether this build of SQLite has the full-text index."""


def functions_of(package: Any) -> Iterator[tuple[str, Any, bool]]:
    """All functions and methods of a package's modules, each with whether it is bound to an instance."""
    for found in pkgutil.iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{found.name}")
        for name, member in vars(module).items():
            if inspect.isfunction(member) and member.__module__ == module.__name__:
                yield f"{module.__name__}.{name}", member, False
            elif inspect.isclass(member) and member.__module__ == module.__name__:
                for method, raw in vars(member).items():
                    is_static = isinstance(raw, staticmethod)
                    plain = raw.__func__ if isinstance(raw, staticmethod | classmethod) else raw
                    if inspect.isfunction(plain) and plain.__module__ == module.__name__:
                        yield f"{module.__name__}.{name}.{method}", plain, not is_static


def gives_statements(function: Any) -> bool:
    """Whether a function is declared to return statements."""
    hints = get_type_hints(function, vars(import_module(function.__module__)))
    return Statement.__name__ in repr(hints.get("return"))


async def test_every_store_is_built_once_and_stays(database: Database) -> None:
    """Whoever wires the parts takes them from here; nobody puts another one in their place."""
    stores = Stores(database)
    for name, kind in get_type_hints(Stores).items():
        assert type(getattr(stores, name)) is kind
    with pytest.raises(AttributeError):
        stores.jobs = stores.jobs  # type: ignore[misc]


def test_statements_are_made_without_a_database() -> None:
    """A write is data: its maker needs no instance, but where the index decides what is written."""
    bound = {f for _, f, needs_instance in functions_of(storage.tables) if needs_instance and gives_statements(f)}
    assert bound == NEED_THE_INDEX - {Erasure.of}


def test_a_view_never_writes() -> None:
    """Views answer questions; what changes rows stands with their table."""
    assert [name for name, function, _ in functions_of(storage.views) if gives_statements(function)] == []
