"""Rows in columns that stand below each other, for terminals of any width: written as they come, however many."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from typing import Any

from rich.cells import cell_len, set_cell_size

GAP = "  "
MEASURED = 500
"""Rows that the widths are taken from; those that follow keep to them."""
LEAST = 12
"""The cells that a column which gives way keeps."""


def _as_it_is(value: Any) -> object:
    return value


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in it, by the name of the fact, its heading, and how the fact is shown.

    A column with `gives_way` is cut where the terminal is too narrow, one that `may_go` is not shown there at all. All
    others are shown whole, as they are there to be copied.
    """

    name: str
    heading: str
    shown: Callable[[Any], object] = _as_it_is
    gives_way: bool = False
    keeps: int = LEAST
    """The cells that it keeps as long as others can give way."""
    may_go: bool = False
    is_number: bool = False
    width: int = 0


def lines(rows: Iterable[Sequence[str]], columns: Sequence[Shown], room: int | None) -> Iterator[str]:
    """A line of headings and one for each row; `room` is the terminal's width, None where nothing is to be cut."""
    rest = iter(rows)
    first = list(islice(rest, MEASURED))
    wide = [
        replace(column, width=max(cell_len(cell) for cell in (column.heading, *below)))
        for column, *below in zip(columns, *first, strict=True)
    ]
    fitting = _fit(wide, room)
    places = [index for index, column in enumerate(columns) if column.name in {each.name for each in fitting}]
    yield _line([column.heading for column in fitting], fitting)
    for row in chain(first, rest):
        yield _line([row[place] for place in places], fitting)


def terminal_width() -> int | None:
    """The cells of a line of the terminal, None where the output goes elsewhere."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS", "").isdecimal():
        return None
    return shutil.get_terminal_size().columns


def _fit(columns: Sequence[Shown], room: int | None) -> list[Shown]:
    """The columns that are shown, as wide as they may be: those that may go do so from the right."""
    shown = list(columns)
    if room is None:
        return [replace(column, gives_way=False) for column in shown]
    while _least(shown) > room and (going := [column for column in shown if column.may_go]):
        shown.remove(going[-1])
    for _ in range(_sum(column.width for column in shown) - room):
        giving = [column for column in shown if column.gives_way and column.width > LEAST]
        if not giving:
            break
        widest = max([each for each in giving if each.width > each.keeps] or giving, key=lambda each: each.width)
        shown[shown.index(widest)] = replace(widest, width=widest.width - 1)
    return shown


def _least(columns: Sequence[Shown]) -> int:
    """The cells that these columns need."""
    return _sum(min(column.width, LEAST * 2) if column.gives_way else column.width for column in columns)


def _sum(widths: Iterable[int]) -> int:
    """The cells of a line with columns of these widths."""
    every = list(widths)
    return sum(every) + len(GAP) * (len(every) - 1)


def _line(cells: Sequence[str], columns: Sequence[Shown]) -> str:
    return GAP.join(_cell(cell, column) for cell, column in zip(cells, columns, strict=True)).rstrip()


def _cell(text: str, column: Shown) -> str:
    missing = column.width - cell_len(text)
    if missing >= 0:
        return " " * missing + text if column.is_number else text + " " * missing
    return set_cell_size(text, column.width - 1) + "…" if column.gives_way else text
