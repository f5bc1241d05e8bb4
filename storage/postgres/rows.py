"""Rows as stores ask them: a value by its place or by its column's name, whatever the case of that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from psycopg import AsyncConnection, AsyncCursor, Connection, Cursor


class NamedRow(tuple[Any, ...]):
    """A row of one query's columns. PostgreSQL folds names that are not quoted, so their case tells nothing."""

    __slots__ = ()
    names: ClassVar[tuple[str, ...]]
    places: ClassVar[dict[str, int]]

    def __getitem__(self, key: Any) -> Any:
        """The value at a place, the values of a slice, or the value of a column; raises IndexError for none."""
        if key.__class__ is not str:
            return tuple.__getitem__(self, key)
        if (place := self.places.get(key.lower())) is None:
            raise IndexError(f"no column is called {key}")
        return tuple.__getitem__(self, place)

    def keys(self) -> list[str]:
        """The names of the columns, as the server gives them."""
        return list(self.names)


ServerConnection = Connection[NamedRow]
AsyncServerConnection = AsyncConnection[NamedRow]


@lru_cache(maxsize=1024)
def _named(names: tuple[str, ...]) -> type[NamedRow]:
    """The type of the rows that have these columns; of two that are called alike the name means the first."""
    places = {name.lower(): place for place, name in reversed([*enumerate(names)])}
    return type("Row", (NamedRow,), {"__slots__": (), "names": names, "places": places})


def named_rows(cursor: Cursor[Any] | AsyncCursor[Any]) -> Callable[[Sequence[Any]], NamedRow]:
    """As psycopg wants it: what makes a row of the values of what was just asked."""
    return _named(tuple(column.name for column in cursor.description or ()))
