"""The form that all files share: what it is, counts and tables, then a section a day, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from exports.markdown import code
from storage.views.projections import ALWAYS, DAY_MS, Last

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = EPOCH.toordinal()

DatedLine = tuple[int, str]
"""When, in milliseconds, and the line without its time."""
Heading = tuple[int, str]
"""A day, as the ordinal of `datetime.date`, and what it comes to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkdownPage:
    """A file before it is written. `days` has the days of `entries`, both newest first; both are read once."""

    title: str
    intro: str
    last: Last | None
    counts: Iterable[str]
    tables: Iterable[list[str]]
    rows: int
    days: Iterator[Heading]
    entries: Iterator[DatedLine]

    def lines(self, since_ms: float) -> Iterator[str]:
        """The file, line by line."""
        yield from (f"# {self.title}", "", self.intro, "Made by `polar export`: edit the database, not this file.", "")
        if since_ms != ALWAYS:
            yield from (f"Only from {instant(since_ms)} on, in the totals too.", "")
        yield from (f"- {count}" for count in self.counts)
        yield f"- {_told(self.last)}"
        for table in filter(None, self.tables):
            yield from ("", *table)
        for day, entries in groupby(self.entries, key=_day):
            _, sum_of_day = next(self.days)
            yield from ("", f"## {date.fromordinal(day).isoformat()}", "", sum_of_day, "")
            yield from (f"- {_clock(at_ms)} {line}" for at_ms, line in entries)


def count(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def instant(at_ms: float) -> str:
    """As ISO 8601 writes it, in UTC, milliseconds only where there are any."""
    written = EPOCH + timedelta(milliseconds=at_ms)
    return written.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds").replace("+00:00", "Z")


def _told(last: Last | None) -> str:
    if last is None:
        return "Last sequence: none"
    place = "Last change" if last.sequence is None else f"Last sequence: {last.sequence}"
    return f"{place}, {code(last.id)}, {instant(last.at_ms)}"


def _day(entry: DatedLine) -> int:
    return entry[0] // DAY_MS + EPOCH_ORDINAL


def _clock(at_ms: int) -> str:
    seconds = at_ms % DAY_MS // 1000
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
