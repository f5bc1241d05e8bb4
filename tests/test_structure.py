"""What a reader counts on: short chains of imports, one meaning a name, one root of errors, no blind catch."""

from __future__ import annotations

import ast
import importlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

from tests.house import CHECKOUT

PACKAGES = ("bot", "middleware", "storage", "teaching", "exports", "web", "demo", "emulator")
IN_ALL, IN_A_FOLDER = 15, 6
ROOTS = {
    "bot": "bot.errors.BotError",
    "middleware": "middleware.failures.MiddlewareError",
    "storage": "storage.errors.StorageError",
    "emulator": "emulator.errors.EmulatorError",
}
FOREIGN = (
    "bot.http.bot_api.Unsent",
    "bot.http.over_aiohttp.NotConnected",
    "bot.schedules.errors.ScheduleError",
)
"""Errors that python-telegram-bot and aiohttp must know, and the root of a room that imports nothing of ours."""
CATCHING_ALL = {
    "bot/logs.py": "a line of the log must not end what it tells of",
    "bot/receiving/arrival.py": "python-telegram-bot builds its objects of foreign JSON",
    "bot/receiving/processor.py": "one update's failure is counted, and is its own",
    "bot/scheduling/runner.py": "one occurrence's failure is counted, and is its own",
    "bot/reports.py": "a report must not end what it tells of",
    "bot/sending/calls.py": "python-telegram-bot builds its objects of foreign rows and foreign JSON",
    "bot/sending/pipeline.py": "one delivery's failure is counted, and is its own",
    "bot/sending/sender.py": "one delivery's failure is counted, and is its own",
    "bot/tracebacks.py": "the words of an error are made by code of anybody's",
    "bot/supervised.py": "the failure is handed to whoever waits for the end of the process",
    "middleware/errors.py": "the layer of errors",
    "middleware/replies/rich_text.py": "a foreign parser may fail, and the text is then sent as it is",
    "storage/database.py": "the failure is handed to whoever waits for the unit",
    "storage/postgres/readers.py": "the failure is handed to whoever asked",
    "storage/postgres/writer.py": "the failure is handed to whoever waits for the unit",
    "storage/sqlite/group_reader.py": "the failure is handed to whoever asked",
    "storage/sqlite/writer.py": "the failure is handed to whoever waits for the unit",
}

KEPT_FOR_GOOD = {
    ("bot/http/bot_api.py", "trusted"): "the certificates of the system",
    ("bot/receiving/reading.py", "_fields"): "the fields of a form",
    ("bot/zones.py", "_names"): "the zone database",
    ("middleware/texts.py", "texts"): "a catalogue a language",
    ("storage/migrations/__init__.py", "migrations"): "the schema changes of this code",
}
"""What a process keeps the answer of for ever, and what it is: never what people said, which is to be forgotten."""


@cache
def graph() -> grimp.ImportGraph:
    """All imports, those for types and within functions too."""
    return grimp.build_graph(*PACKAGES, include_external_packages=False, cache_dir=None)


def longest(modules: Iterable[str]) -> tuple[str, ...]:
    """The longest chain of imports among these modules."""
    among = set(modules)

    @cache
    def below(module: str) -> tuple[str, ...]:
        imported = among & graph().find_modules_directly_imported_by(module) - {module}
        chains: list[tuple[str, ...]] = [(), *map(below, sorted(imported))]
        return (module, *sorted(chains, key=len)[-1])

    chains: list[tuple[str, ...]] = [(), *map(below, sorted(among))]
    return sorted(chains, key=len)[-1]


def folders() -> list[str]:
    """Packages, as dotted names."""
    return sorted({str(path.parent.relative_to(CHECKOUT)).replace("/", ".") for path in sources()})


def sources() -> Iterator[Path]:
    """The code of all packages."""
    for package in PACKAGES:
        yield from sorted((CHECKOUT / package).rglob("*.py"))


def test_no_chain_of_imports_is_longer_than_a_reader_can_follow() -> None:
    """Counted from a command down to the last module that it needs."""
    chain = longest(graph().modules)
    assert len(chain) <= IN_ALL, " > ".join(chain)


@pytest.mark.parametrize("folder", folders())
def test_a_folder_is_understood_without_a_long_chain(folder: str) -> None:
    """Among the modules of one folder; sub-folders are folders of their own."""
    chain = longest(m for m in graph().modules if m == folder or m.rpartition(".")[0] == folder)
    assert len(chain) <= IN_A_FOLDER, " > ".join(chain)


def test_storage_as_a_whole_is_as_flat_as_a_folder() -> None:
    """Tables and views stand side by side on the database."""
    chain = longest(m for m in graph().modules if m == "storage" or m.startswith("storage."))
    assert len(chain) <= IN_A_FOLDER, " > ".join(chain)


def test_a_name_means_one_thing() -> None:
    """No two classes or types of ours share a name; the emulator is a program of its own, and has names of its own."""
    places = defaultdict(list)
    for path in sources():
        if path.is_relative_to(CHECKOUT / "emulator"):
            continue
        for name in names(ast.parse(path.read_text(encoding="utf-8"))):
            places[name].append(str(path.relative_to(CHECKOUT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def names(module: ast.Module) -> Iterator[str]:
    """Classes and aliases of types that a module defines; type variables have no meaning of their own."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name):
            is_variable = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "TypeVar"
            if target.id[0].isupper() and not target.id.isupper() and not is_variable:
                yield target.id


def errors() -> Iterator[type[Exception]]:
    """Every exception that one of the packages with a root defines."""
    for path in sources():
        name = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")
        if name.partition(".")[0] in ROOTS and not name.endswith("__main__"):
            for found in vars(importlib.import_module(name)).values():
                if isinstance(found, type) and issubclass(found, Exception) and found.__module__ == name:
                    yield found


@pytest.mark.parametrize("error", list(errors()), ids=lambda error: error.__name__)
def test_every_error_of_a_package_has_its_one_root(error: type[Exception]) -> None:
    """So that whoever calls can catch what may go wrong there, and nothing else; its docstring says what it is."""
    module, _, root = ROOTS[error.__module__.partition(".")[0]].rpartition(".")
    is_foreign = any(f"{base.__module__}.{base.__name__}" in FOREIGN for base in error.__mro__)
    assert is_foreign or issubclass(error, getattr(importlib.import_module(module), root))
    assert error.__doc__


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Whether whatever is raised may end here; what only tidies up raises it again."""
    caught = "BaseException" if handler.type is None else ast.unparse(handler.type)
    last = handler.body[-1]
    return caught in ("Exception", "BaseException") and not (isinstance(last, ast.Raise) and last.exc is None)


def test_everything_is_caught_only_where_somebody_answers_for_it() -> None:
    """Elsewhere a catch of all hides what nobody thought of."""
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and catches_all(node):
                found.add(str(path.relative_to(CHECKOUT)))
    assert found == set(CATCHING_ALL)


def test_what_is_kept_for_good_is_bounded_and_nobodys_words() -> None:
    """A catalogue is read once, not at each sentence; no cache without a bound holds what people wrote."""
    found = set()
    for package in PACKAGES:
        for path in (CHECKOUT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef) and any(ast.unparse(d) == "cache" for d in node.decorator_list):
                    found.add((path.relative_to(CHECKOUT).as_posix(), node.name))
    assert found == set(KEPT_FOR_GOOD)
