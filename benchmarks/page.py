"""`docs/reference/performance.md`: a section a measurement, each with the day and the machine that it is of.

A run replaces the sections that it has measured; what stands in the others stays, word for word.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from bot.home import ROOT

PAGE = ROOT / "docs" / "reference" / "performance.md"
WIDTH = 120
_INTRODUCTION = """\
# Performance

What Polar does in a second, beside bots that keep nothing: measured, not promised. `make bench` makes the first four
sections anew, in some minutes; `make bench ARGS=--all` all of them. How it is measured is told in
[Speed](../explanation/speed.md).
"""
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a measurement has found, as a table, and in words what was done."""

    words: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self, note: str) -> str:
        """As it stands on the page, without its title; `note` says when and where."""
        ruler = ["---"] + ["---:"] * (len(self.headings) - 1)
        table = "\n".join(f"| {' | '.join(cells)} |" for cells in (self.headings, ruler, *self.rows))
        return f"{_wrapped(self.words)}\n\n{table}\n\n{_wrapped(note)}\n"

    def table(self, title: str) -> Table:
        """As it is shown in the terminal."""
        table = Table(title=title, title_justify="left")
        for number, heading in enumerate(self.headings):
            table.add_column(heading, justify="right" if number else "left")
        for row in self.rows:
            table.add_row(*row)
        return table


def _wrapped(words: str) -> str:
    return textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False)


def sections(page: str) -> dict[str, str]:
    """What stands under each heading."""
    _, *parts = _HEADING.split(page)
    return {title: body.strip() + "\n" for title, body in zip(parts[::2], parts[1::2], strict=True)}


def written(page: str, measured: Mapping[str, str], titles: Sequence[str]) -> str:
    """The page with these sections in place of its own; `titles` is the order of all that there may be."""
    bodies = {**sections(page), **measured}
    parts = (f"## {title}\n\n{bodies[title]}" for title in titles if title in bodies)
    return "\n".join(["<!-- Made by `make bench` from what it measured. -->\n", _INTRODUCTION, *parts])
