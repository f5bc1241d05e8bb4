"""Facts as commands print them: as JSON for programs, else as a table or as lines, where nothing can forge anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from storage.views.listings import ListPage

Row = TypeVar("Row")
Key = TypeVar("Key")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="So many at most.")]
Fact = Mapping[str, Any]


def show_all(facts: Sequence[Fact], columns: Mapping[str, str], *, as_json: bool) -> None:
    """A list; `columns` are the headings of the table by the names of what stands below them."""
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    table = Table(*columns.values())
    for fact in facts:
        table.add_row(*(escape(printable(fact[name])) for name in columns))
    Console().print(table)


def show_one(fact: Fact, *, as_json: bool) -> None:
    """One thing, a line a fact; of a list, a line each."""
    if as_json:
        typer.echo(json.dumps(fact, ensure_ascii=False))
        return
    for name, value in fact.items():
        if isinstance(value, list):
            typer.echo("\n".join((f"{name}:", *(f"  {printable(line)}" for line in value))))
        else:
            typer.echo(f"{name}: {printable(value)}")


def lines(text: str | None) -> list[str] | None:
    """What has lines, such as a traceback; None stays."""
    return None if text is None else text.splitlines()


def instant(ms: int | None) -> str | None:
    """An instant in UTC; None stays."""
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def mebibytes(size: int) -> str:
    """A size in bytes, for people."""
    return f"{size / 1_048_576:.1f} MiB"


def printable(value: object) -> str:
    """On one line, and nothing that a terminal would act on."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else " " for c in text)


def walk(page_of: Callable[[Key], ListPage[Row, Key]], first: Key, limit: int) -> list[Row]:
    """The first `limit` rows of a listing, page by page from where `first` says."""
    rows: list[Row] = []
    place: Key | None = first
    while place is not None and len(rows) < limit:
        page = page_of(place)
        rows.extend(page.rows)
        place = page.next
    return rows[:limit]
