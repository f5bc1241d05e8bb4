"""A write as data: what stores return and the database commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

Rows = list[sqlite3.Row]
Value = str | bytes | int | float | None
Parameters = tuple[Value, ...] | Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement with its parameters.

    `expect` is the number of rows it must change (or return); any other number voids its whole unit, which
    makes a compare-and-set of it.
    """

    sql: str
    params: Parameters = ()
    expect: int | None = None

    @property
    def answers(self) -> bool:
        """True if it gives rows back (a SELECT, a PRAGMA, or RETURNING)."""
        return _answers(self.sql)


@lru_cache(maxsize=512)
def _answers(sql: str) -> bool:
    upper = sql.upper()
    return "RETURNING" in upper or upper.lstrip().startswith(("SELECT", "PRAGMA"))
