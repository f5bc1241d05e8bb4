"""A write as data: what stores return and the database commits."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from itertools import count
from typing import Any, NamedTuple, Protocol


class Row(Protocol):
    """What a row of an answer can be asked: a value by its place or by its column's name, all of them in order."""

    def __getitem__(self, key: int | str | slice, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...

    def keys(self) -> list[str]:
        """The names of the columns."""
        ...


Rows = list[Row]
Value = str | bytes | int | float | None
Parameters = tuple[Value, ...] | Mapping[str, Value]
Unit = tuple["Statement", ...]
UnitRows = list[Rows]


class Order(IntEnum):
    """The order in which kinds of statements run that neighbouring units have in common, as within each unit.

    First those of a turn, then those of a call: that it is made, and what came of it.
    """

    SOURCE = 0
    MESSAGE = 1
    EVENT = 2
    TOTALS = 3
    QUEUE = 4
    ANSWER = 5
    AUDIT = 6
    CLAIM = 7
    SENT = 8
    FORMER = 9
    RECEIPT = 10


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """How statements of one kind run as one: `head`, a `row` for the parameters of each, between commas, and `tail`.

    A store that marks statements with it promises that they do then what they would do one after the other. With an
    `order` it promises as well that none of them minds a statement of another kind before it or behind it, unless both
    are about the same thing; without one they run as one only where they stand beside each other.
    They give no rows back. Where they are counted, none can change more than it is to: then all have done what they
    should if the sum is right.

    With `told` each gives one back, whose first value is what it is about: then no two about the same thing run as one.
    That is the SQL which asks for those of the last so many at once, as JSON: a list of rows, each a list. For each row
    that comes back by itself a thread has to get the interpreter anew.
    """

    head: str
    row: str
    tail: str = ""
    order: Order | None = None
    told: str | None = None
    _texts: dict[int, str] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.sql(1)

    def sql(self, many: int) -> str:
        """The SQL of so many."""
        if (text := self._texts.get(many)) is None:
            text = self._texts[many] = f"{self.head}{', '.join([self.row] * many)}{self.tail}"
        return text

    @classmethod
    def update(cls, sql: str, *, order: Order) -> Bulk:
        """Of an UPDATE whose parameters stand as question marks, the last WHERE in it being its own.

        Several take theirs from a table of them.
        """
        places = count(1)
        changes, _, rows = re.sub(r"\?", lambda _: f"given.column{next(places)}", sql).rpartition("WHERE")
        row = f"({', '.join('?' * sql.count('?'))})"
        bulk = cls(f"{changes}FROM (VALUES ", row, f") AS given WHERE{rows}", order=order)
        bulk._texts[1] = sql
        return bulk

    def of(self, *params: Value, about: Hashable | None = None, expect: int | None = None) -> Statement:
        """One statement of this kind."""
        return Statement(self._texts[1], params, expect, self, about)


class Statement(NamedTuple):
    """One SQL statement with its parameters.

    `expect` is the number of rows it must change (or return); any other number voids its whole unit, which
    makes a compare-and-set of it. `bulk` marks what may run as one with others of its kind; its parameters are a tuple.
    `about` is the thing that it changes or looks up, where statements of another kind do that too: a session, a part of
    one (the session and what tells the part), or a call.
    """

    sql: str
    params: Parameters = ()
    expect: int | None = None
    bulk: Bulk | None = None
    about: Hashable | None = None

    def expecting(self, rows: int) -> Statement:
        """The same, which voids its unit where it changes another number of rows."""
        return self._replace(expect=rows)

    @property
    def answers(self) -> bool:
        """True if it gives rows back (a SELECT, a PRAGMA, or RETURNING)."""
        return _answers(self.sql)

    @property
    def is_bounded(self) -> bool:
        """True if it changes a row or so; what walks over a table, or over all that is somebody's, does not."""
        return self.bulk is not None or self.expect is not None or not _walks(self.sql)


@lru_cache(maxsize=512)
def _answers(sql: str) -> bool:
    upper = sql.upper()
    return "RETURNING" in upper or upper.lstrip().startswith(("SELECT", "PRAGMA"))


@lru_cache(maxsize=512)
def _walks(sql: str) -> bool:
    return sql.upper().lstrip().startswith(("UPDATE", "DELETE"))
