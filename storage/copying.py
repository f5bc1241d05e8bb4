"""All rows of one database into another one, of the other engine; gone on with from where it was, if it was killed.

The source is held as a whole until its rows are there, and have been compared. In the target the copy begins with a
mark, by which no bot starts on it, and each table there is a beginning of the source's. Then the source is marked as
moved, and after that the target loses its mark: at no instant can a bot start on both.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any, Protocol

from storage import moved
from storage.copied_table import CopiedTable
from storage.errors import CopyFailed, DatabaseUnusable, RowRefused, StorageError
from storage.json_text import encode, read_value
from storage.statement import Parameters, Value
from storage.steps import OnStep

AT_ONCE = 250
"""Rows of one commit, and the most that are in memory."""
MOST_REFUSED = 10_000
"""The rows that may be left out, and are told of: who has more needs another way."""
CopiedRow = tuple[Any, ...]


class CopyEnd(Protocol):
    """A database that is held, so that nothing else writes in it, nor starts on it."""

    @property
    def label(self) -> str:
        """What it is called by in messages, and in the other one's mark."""

    def rows(self, sql: str, params: Parameters = (), /) -> Generator[CopiedRow, None, None]:
        """The rows of a query as they are read, however many; within a part."""

    def run(self, sql: str, each: Sequence[Sequence[Value]] = ((),), /) -> None:
        """A statement, once for each of these. Raises RowRefused."""

    def part(self) -> AbstractContextManager[object]:
        """A transaction, or a part of the one that is open; undone where it is left by an error."""

    def refusal(self, kind: str, value: Value, /) -> str:
        """Why a column of that declared type cannot hold a value as it is; empty where it can."""

    def silence(self) -> None:
        """From now on no trigger runs, until `finish`."""

    def finish(self, tables: Sequence[CopiedTable], /) -> None:
        """Have triggers run again, and whatever numbers rows by itself go on behind the highest."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that the target cannot hold: its primary key as JSON, and why."""

    table: str
    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class SameTable:
    """A table that is the same on both sides: its rows, and a digest of all of them in order."""

    table: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What was compared, nothing where rows that cannot be held have kept it from its end; and those rows."""

    tables: Sequence[SameTable]
    refused: Sequence[Refused]

    @property
    def is_finished(self) -> bool:
        """True if a bot can go on with the target, and none with the source."""
        return bool(self.tables)


class _Undone(StorageError):
    """A row was refused, so what belongs to its commit was only tried, as is what comes behind it."""


class Copying:
    """One copy, from a source to a target; `skips` rows that the target cannot hold."""

    def __init__(
        self, source: CopyEnd, target: CopyEnd, tables: Sequence[CopiedTable], progress: OnStep, *, skips: bool
    ) -> None:
        self._source, self._target, self._tables, self._progress = source, target, tables, progress
        self._skips = skips
        self._done = self._of = 0
        self._refused: dict[str, dict[CopiedRow, Refused]] = {table.name: {} for table in tables}
        """By table and by place."""

    def run(self) -> Copied:
        """All of it. Raises DatabaseUnusable, with nothing done, and CopyFailed, which can be gone on from."""
        with self._source.part():
            self._begin()
            self._of = 2 * sum(_count(self._source, table) for table in self._tables)
            for table in self._tables:
                self._pour(table)
            refused = [row for of_table in self._refused.values() for row in of_table.values()]
            if refused and not self._skips:
                return Copied((), refused)
            compared = [self._compare(table) for table in self._tables]
            moved.mark(self._source, moved.TO, self._target.label)
        with self._target.part():
            self._target.finish(self._tables)
            moved.unmark(self._target, moved.FROM)
        return Copied(compared, refused)

    def _begin(self) -> None:
        gone = moved.find(self._source, moved.TO)
        with self._target.part():
            begun = moved.find(self._target, moved.FROM)
        if gone is not None and (begun is None or gone != self._target.label):
            raise DatabaseUnusable(f"{self._source.label} was moved to {gone} already")
        if begun is None:
            self._check_empty()
            with self._target.part():
                self._target.silence()
                for table in self._tables:
                    self._target.run(table.delete)
                self._note([])
            return
        beginning = read_value(begun)
        if beginning["from"] != self._source.label:
            raise DatabaseUnusable(
                f"{self._target.label} holds the beginning of a copy of {beginning['from']}; name a database in which "
                "nothing is yet"
            )
        with self._target.part():
            for table in self._tables:
                if table.name in beginning["skipped"]:  # what cannot be held may have been mended since
                    self._target.run(table.delete)
            self._note([])

    def _check_empty(self) -> None:
        with self._target.part():
            for table in self._tables:
                if _first(self._target, table.lived_in) is not None:
                    raise DatabaseUnusable(
                        f"{self._target.label} is not empty (rows in {table.name}); name a database in which nothing is"
                    )

    def _note(self, skipped: Sequence[str]) -> None:
        value = encode({"from": self._source.label, "skipped": list(skipped)}) or ""
        moved.mark(self._target, moved.FROM, value)

    def _pour(self, table: CopiedTable) -> None:
        """The rows of a table behind those that are there."""
        with self._target.part():
            after = _first(self._target, table.last)
            self._step(0 if after is None else _count(self._target, table))
        with closing(self._source.rows(table.select(after), after or ())) as rows:
            while batch := list(islice(rows, AT_ONCE)):
                with suppress(_Undone), self._target.part():
                    self._write(table, batch)
                self._step(len(batch))

    def _write(self, table: CopiedTable, batch: Sequence[CopiedRow]) -> None:
        """Those that can be held; without `skips` all of them or none, so that what is there remains a beginning."""
        refused = self._refused[table.name]
        before = len(refused)
        for row in batch:
            if reason := self._reason(table, row):
                self._refuse(table, row, reason)
        held = [row for row in batch if table.place(row) not in refused]
        try:
            with self._target.part():
                self._target.run(table.insert, held)
        except RowRefused:
            for row in held:
                self._write_alone(table, row)
        if refused and not self._skips:
            raise _Undone
        if len(refused) > before:
            self._note([name for name, of_table in self._refused.items() if of_table])

    def _write_alone(self, table: CopiedTable, row: CopiedRow) -> None:
        try:
            with self._target.part():
                self._target.run(table.insert, [row])
        except RowRefused as error:
            self._refuse(table, row, str(error))

    def _reason(self, table: CopiedTable, row: CopiedRow) -> str:
        found = (
            (name, self._target.refusal(kind, value)) for (name, kind), value in zip(table.columns, row, strict=True)
        )
        return next((f"{name}: {reason}" for name, reason in found if reason), "")

    def _refuse(self, table: CopiedTable, row: CopiedRow, reason: str) -> None:
        if sum(map(len, self._refused.values())) == MOST_REFUSED:
            raise CopyFailed(f"{self._target.label} cannot hold more than {MOST_REFUSED} rows of {self._source.label}")
        self._refused[table.name][table.place(row)] = Refused(table.name, table.key_of(row), reason)

    def _compare(self, table: CopiedTable) -> SameTable:
        """A table as it is on both sides. Where the source has changed since a part was copied, all of it is again."""
        if (found := self._compared(table)) is None:
            self._refused[table.name].clear()
            with self._target.part():
                self._target.run(table.delete)
            self._pour(table)
            found = self._compared(table)
        if found is None:
            raise CopyFailed(f"{table.name} is not the same in {self._source.label} and in {self._target.label}")
        return found

    def _compared(self, table: CopiedTable) -> SameTable | None:
        with self._target.part():
            one, other = self._digest(self._source, table), self._digest(self._target, table)
        self._step(one.rows)
        return one if one == other else None

    def _digest(self, end: CopyEnd, table: CopiedTable) -> SameTable:
        refused, digest, count = self._refused[table.name], sha256(), 0
        with closing(end.rows(table.select(None))) as rows:
            for row in rows:
                if not refused or table.place(row) not in refused:
                    count += 1
                    digest.update(repr([_plain(value) for value in row]).encode())
        return SameTable(table.name, count, digest.hexdigest())

    def _step(self, rows: int) -> None:
        self._done = min(self._done + rows, self._of)
        self._progress(self._done, self._of)


def _count(end: CopyEnd, table: CopiedTable) -> int:
    return sum(_first(end, table.count) or ())


def _first(end: CopyEnd, sql: str) -> CopiedRow | None:
    with closing(end.rows(sql)) as rows:
        return next(rows, None)


def _plain(value: Value) -> Value:
    """SQLite keeps no sign of nothing."""
    return value + 0.0 if isinstance(value, float) else value
