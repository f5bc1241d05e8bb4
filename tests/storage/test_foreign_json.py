"""What other programs left in a column of JSON is read through one guarded expression, in SQL and in code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from storage.indexed import field
from storage.json_text import read_object, read_value
from storage.memory_entries import searchable_text
from storage.origin import UNKNOWN, Origin
from tests.house import CHECKOUT
from tests.storage.files import plain

FOLDERS = sorted({path.parent for path in (CHECKOUT / "storage").rglob("*.py")})
MIGRATIONS = CHECKOUT / "storage" / "migrations"
READS = re.compile(r"json_(?:extract|each|type|remove|set|patch|array_length)\((?P<of>CAST\(\w+ AS TEXT\)|[\w.:?]+)")
KEPT_BY_AN_INDEX = {"origin"}
"""Columns of ours of which an index takes no row that is no JSON: polar_messages_automation."""
PARSERS = {"json_text.py"}
NO_JSON = ["no", "", "{", "[1", '{"a":}', "[" * 100_000, "nan\x00", '"text"', "5", "[]", "null"]


def texts(path: Path) -> list[str]:
    """The texts in a file, of those with values in them what is written there."""
    found = []
    inner: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if id(node) in inner:
            continue
        if isinstance(node, ast.JoinedStr | ast.Constant):
            inner.update(id(part) for part in ast.walk(node))
            found.append(ast.unparse(node))
    return found


def parsed(path: Path) -> int:
    """How often a file asks for a text's JSON."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return sum(isinstance(node, ast.Attribute) and ast.unparse(node) == "json.loads" for node in nodes)


def unguarded(sql: str) -> list[str]:
    """The columns that a text reads as JSON though they may be none; parameters, and rows of them, are ours."""
    read = (match["of"] for match in READS.finditer(sql))
    guarded = re.compile(r"json_valid\((CAST\(\w+ AS TEXT\)|[\w.]+)\)|field\(['\"]([\w.]+)['\"]")
    known = {name for found in guarded.findall(sql) for name in found} | KEPT_BY_AN_INDEX
    return [
        of for of in read if not of.startswith((":", "?", "given.")) and of not in known and not of.startswith("CASE")
    ]


every_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


@every_folder
def test_no_statement_reads_json_unguarded(folder: Path) -> None:
    """`field` is the one expression for a field; whatever else looks into a column asks whether it is JSON."""
    found = [(path.name, text) for path in folder.glob("*.py") for text in texts(path)]
    assert [(name, text) for name, text in found if "json_extract(" in text and name != "indexed.py"] == []
    assert [(name, column) for name, text in found for column in unguarded(text)] == []


def test_no_index_and_no_trigger_reads_json_unguarded() -> None:
    """Else another program could not write a row, or a migration would fail on one that it wrote before."""
    found = [(path.name, sql) for path in MIGRATIONS.glob("*.sql") for sql in path.read_text("utf-8").split(";")]
    assert [(name, column) for name, sql in found for column in unguarded(sql)] == []


@every_folder
def test_stored_text_is_parsed_in_one_place(folder: Path) -> None:
    """Elsewhere what nests too deeply would be an error that nobody thought of."""
    parsers = {path.name: count for path in folder.glob("*.py") if (count := parsed(path))}
    assert parsers == {name: 1 for name in PARSERS if (folder / name).exists()}


@pytest.mark.parametrize("text", NO_JSON)
def test_what_is_no_object_is_none(tmp_path: Path, text: str) -> None:
    """In code and in SQL alike, and never an error."""
    assert read_object(text) is None
    assert Origin.from_json(text) == UNKNOWN
    assert isinstance(searchable_text(text), str)
    with plain(tmp_path / "any.db") as connection:
        query = f"SELECT {field('column1', 'a')} FROM (VALUES (?))"
        assert connection.execute(query, (text,)).fetchone() == (None,)


@pytest.mark.parametrize("text", ["no", "[" * 100_000, "{"])
def test_what_no_program_can_read_is_a_value_error(text: str) -> None:
    """Whatever the parser says of it."""
    with pytest.raises(ValueError):
        read_value(text)
