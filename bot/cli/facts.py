"""Facts as commands print them: as JSON for programs, else in columns or as lines, where nothing can forge anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Annotated, Any, TypeVar

import typer

from bot.cli.columns import Shown, lines, terminal_width
from storage import text
from storage.ids import chat_id_of
from storage.views.listings import ListPage

Item = TypeVar("Item")
Key = TypeVar("Key")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="So many at most.")]
Fact = Mapping[str, Any]


def show_all(
    facts: Iterable[Fact], columns: Sequence[Shown], *, as_json: bool, none: str, limit: int | None = None
) -> None:
    """A list, as it comes, of `limit` at most; `none` is said in place of an empty table."""
    rest = iter(facts)
    shown = rest if limit is None else islice(rest, limit)
    if as_json:
        _show_json(shown)
    else:
        show_table(shown, columns, none=none)
    if limit is not None and next(rest, None) is not None:
        typer.echo(f"polar: there are more than these; --limit says how many are shown, now {limit}", err=True)


def show_table(facts: Iterable[Fact], columns: Sequence[Shown], *, none: str = "") -> None:
    """A line for each, below the headings, as they come."""
    rows = ([printable(column.shown(fact[column.name])) for column in columns] for fact in facts)
    first = next(rows, None)
    if first is None:
        typer.echo(none)
        return
    for line in lines(chain([first], rows), columns, terminal_width()):
        typer.echo(line)


def show_one(fact: Fact, *, as_json: bool) -> None:
    """One thing, a line a fact; of a list, a line each."""
    if as_json:
        typer.echo(to_json(fact))
        return
    for name, value in fact.items():
        if isinstance(value, list):
            typer.echo("\n".join((f"{name}:", *(f"  {printable(line)}" for line in value))))
        else:
            typer.echo(f"{name}: {printable(value)}")


def lines_of(text: str | None) -> list[str] | None:
    """What has lines, such as a traceback; None stays."""
    return None if text is None else text.splitlines()


def to_json(value: object) -> str:
    """JSON on one line, whose texts are written so that a terminal acts on nothing of it."""
    return "".join(c if c.isprintable() else _escaped(c) for c in json.dumps(value, ensure_ascii=False))


def instant(ms: int | None) -> str | None:
    """An instant in UTC; None stays."""
    return None if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def minute(instant: str | None) -> str:
    """An instant in UTC for people: its day and minute."""
    return "" if instant is None else f"{instant[:10]} {instant[11:16]}"


def chat(session_id: str | None) -> str:
    """The chat of a session, as people know it; what is no chat's stays what it is."""
    try:
        return "" if session_id is None else str(chat_id_of(session_id))
    except ValueError:
        return str(session_id)


def rows_of_tables(heading: str) -> tuple[Shown, Shown]:
    """Columns of the database's tables, and of a number of rows of each."""
    return Shown("table", "table"), Shown("rows", heading, "{:,}".format, is_number=True)


def printable(value: object) -> str:
    """On one line, and nothing that a terminal would act on."""
    return "" if value is None else text.printable(str(value))


def walk(page_of: Callable[[Key], ListPage[Item, Key]], first: Key) -> Iterator[Item]:
    """The rows of a listing, a page at a time as they are asked for, from where `first` says."""
    place: Key | None = first
    while place is not None:
        page = page_of(place)
        yield from page.rows
        place = page.next


def _show_json(facts: Iterator[Fact]) -> None:
    """A list, a line for each; whoever reads it need not wait for its end."""
    opening = "["
    for fact in facts:
        typer.echo(f"{opening}{to_json(fact)}", nl=False)
        opening = ",\n "
    typer.echo("[]" if opening == "[" else "]")


def _escaped(character: str) -> str:
    """As JSON writes a character that it does not show: in halves where it is beyond the basic plane."""
    return json.dumps(character)[1:-1]
