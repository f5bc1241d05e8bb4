"""What is told of a database as a whole, of whatever version it is, and of what care has done with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.location import Location
from storage.migrations import Migration


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseState:
    """`version` is None where it cannot be used, which `trouble` tells then; 0 where there is none yet.

    Sizes are bytes; `problems` is None where it was not looked through.
    """

    location: Location
    newest: int
    version: int | None = None
    trouble: str = ""
    exists: bool = False
    size: int = 0
    log_size: int = 0
    disk_free: int | None = None
    problems: list[str] | None = None

    @property
    def folder(self) -> Path | None:
        """Where its disk is looked at; None for a server, whose disk is not ours."""
        return self.location.parent if isinstance(self.location, Path) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Rows by table, rows by status where a table has one that tells of work, and the size of all."""

    rows: Mapping[str, int]
    states: Mapping[str, Mapping[str, int]]
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacuumed:
    """The size in bytes, before and after."""

    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """How much was open, or due by now, and how many people's erasures were repeated."""

    deliveries: int
    updates: int
    runs: int
    erased: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done with a copy; `aside` is the damaged file that it has replaced, where that was so."""

    applied: Sequence[Migration]
    ended: Halted
    aside: Path | None = None
