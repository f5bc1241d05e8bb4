"""A table drawn with the characters of a text, by the width that they are shown with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import split_graphemes

WIDEST = 48
"""Columns of characters; a phone breaks the lines of what is wider."""

Cells = Sequence[str]


def width(text: str) -> int:
    """Characters of fixed width that a text is as wide as."""
    if text.isascii():
        return len(text)
    # Unlike `cell_len`, which keeps what it has measured, this keeps no words.
    return split_graphemes(text, "latest")[1]


def widths(rows: Sequence[Cells]) -> list[int]:
    """Of each column, as wide as its widest line; all rows have as many cells."""
    return [max(width(line) for cell in column for line in cell.split("\n")) for column in zip(*rows, strict=True)]


def fits(columns: Sequence[int]) -> bool:
    """True if columns of these widths are to be shown beside each other."""
    return sum(columns) + 3 * (len(columns) - 1) <= WIDEST


def drawn(rows: Sequence[Cells], columns: Sequence[int], right: Sequence[bool]) -> str:
    """The table, the first row being its head."""
    head, *body = ["\n".join(_lines(row, columns, right)) for row in rows]
    return "\n".join([head, "─┼─".join("─" * each for each in columns), *body])


def _lines(row: Cells, columns: Sequence[int], right: Sequence[bool]) -> Iterator[str]:
    cells = [cell.split("\n") for cell in row]
    for number in range(max(map(len, cells))):
        line = (cell[number] if number < len(cell) else "" for cell in cells)
        shown = (_padded(text, each, is_right) for text, each, is_right in zip(line, columns, right, strict=True))
        yield " │ ".join(shown).rstrip(" │")


def _padded(text: str, columns: int, is_right: bool) -> str:
    blanks = " " * (columns - width(text))
    return blanks + text if is_right else text + blanks
