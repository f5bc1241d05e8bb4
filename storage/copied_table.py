"""A table as a copy between engines reads and writes it: one text for both, as in the stores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage import memory_index, moved

LEFT_OUT = {"polar_schema_versions", "polar_memory_changes"}
"""What each database says of itself: when its tables were made, and what its index of words has still to do."""
_BORN_WITH = {"polar_keys": "FALSE", "polar_totals": "count > 0", "polar_sequences": "highest > 0"}
"""When there is more in it than in a new database."""
_CONDITIONS = {
    "polar_properties": f"substr(name, 1, {len(moved.PREFIX)}) <> '{moved.PREFIX}' "
    f"AND name NOT IN ('{memory_index.STALE}', '{memory_index.BUILDING}')"
}
"""Which of its rows are copied: not what is said of this copy, nor of the index of words, which SQLite alone has."""


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A name, the columns with their declared types, and two keys.

    By `walk` it is gone through, from each engine in the same order: the order of entry, which some tables are read in,
    as the hidden rowid or the column that is one, else the primary key. `key` is what people know a row by.
    """

    name: str
    columns: Sequence[tuple[str, str]]
    walk: Sequence[str]
    key: Sequence[str]

    def select(self, after: Sequence[Any] | None) -> str:
        """All rows in order, or those behind a place, whose values are the parameters."""
        behind = "" if after is None else f" AND ({', '.join(self.walk)}) > ({', '.join('?' for _ in self.walk)})"
        return f"SELECT {self._names} FROM {self.name} WHERE {self._condition}{behind} ORDER BY {', '.join(self.walk)}"

    @property
    def last(self) -> str:
        """The place of the last row, if there is one."""
        order = ", ".join(f"{name} DESC" for name in self.walk)
        return f"SELECT {', '.join(self.walk)} FROM {self.name} WHERE {self._condition} ORDER BY {order} LIMIT 1"

    @property
    def count(self) -> str:
        """How many rows there are."""
        return f"SELECT count(*) FROM {self.name} WHERE {self._condition}"

    @property
    def insert(self) -> str:
        """One row."""
        return f"INSERT INTO {self.name} ({self._names}) VALUES ({', '.join('?' for _ in self.columns)})"

    @property
    def delete(self) -> str:
        """All rows that would be copied."""
        return f"DELETE FROM {self.name} WHERE {self._condition}"

    @property
    def lived_in(self) -> str:
        """A row where there is more in it than in a new database."""
        return f"SELECT 1 FROM {self.name} WHERE {_BORN_WITH.get(self.name, self._condition)} LIMIT 1"

    def place(self, row: Sequence[Any]) -> tuple[Any, ...]:
        """Of a row as `select` gives it: where the walk meets it."""
        return tuple(row[self._number(name)] for name in self.walk)

    def key_of(self, row: Sequence[Any]) -> str:
        """Of such a row: its key, for people and programs."""
        return json.dumps([row[self._number(name)] for name in self.key], default=repr)

    @property
    def _names(self) -> str:
        return ", ".join(name for name, _ in self.columns)

    @property
    def _condition(self) -> str:
        return _CONDITIONS.get(self.name, "TRUE")

    def _number(self, name: str) -> int:
        return [column for column, _ in self.columns].index(name)
