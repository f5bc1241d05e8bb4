"""A write as data: what stores return and the database commits."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
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
    """The order in which kinds of statements run that neighbouring units have in common, as within each unit."""

    SOURCE = 0
    MESSAGE = 1
    EVENT = 2
    AUDIT = 3


@dataclass(frozen=True, slots=True, eq=False)
class Bulk:
    """How statements of one kind run as one: `head`, a `row` for the parameters of each, between commas, and `tail`.

    A store that marks statements with it promises that they do then what they would do one after the other. With an
    `order` it promises as well that none of them minds a statement of another kind before it or behind it, unless both
    are about the same thing; without one they run as one only where they stand beside each other.
    They give no rows back. Where they are counted, none can change more than it is to: then all have done what they
    should if the sum is right.
    """

    head: str
    row: str
    tail: str = ""
    order: Order | None = None
    _texts: dict[int, str] = field(default_factory=dict, init=False, repr=False)

    def sql(self, count: int) -> str:
        """The SQL of so many."""
        if (text := self._texts.get(count)) is None:
            text = self._texts[count] = f"{self.head}{', '.join([self.row] * count)}{self.tail}"
        return text

    def of(self, *params: Value, about: Hashable | None = None) -> Statement:
        """One statement of this kind."""
        return Statement(self.sql(1), params, bulk=self, about=about)


class Statement(NamedTuple):
    """One SQL statement with its parameters.

    `expect` is the number of rows it must change (or return); any other number voids its whole unit, which
    makes a compare-and-set of it. `bulk` marks what may run as one with others of its kind; its parameters are a tuple.
    `about` is the thing that it changes or looks up, where statements of another kind do that too.
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
