"""A copy of the database while a bot writes to it: of one instant, and looked through before it has its name."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage import private_files
from storage.errors import CopyFailed, DatabaseUnusable
from storage.sqlite import connections, opening, own_files, soundness
from storage.sqlite.connections import STEP_PAGES
from storage.steps import OnStep
from storage.text import mebibytes

_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The size of a copy in bytes, and by how much the log of the database grew while it was read."""

    size: int
    log_grew: int


@dataclass(frozen=True, slots=True)
class _Common:
    """What a copy must have in common with what it is of."""

    schema: list[tuple[object, ...]]
    rows: dict[str, int]

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> _Common:
        return cls([tuple(row) for row in connection.execute(_SCHEMA)], soundness.count_rows(connection))


def back_up(path: Path, to: Path, progress: OnStep) -> Backup:
    """Copy the database to a file that is not there yet.

    It is read in one transaction, so that what a bot commits meanwhile makes it begin nothing anew; the log cannot be
    folded in for so long. Raises DatabaseUnusable, and CopyFailed, which leaves nothing behind.
    """
    if not path.exists():
        raise DatabaseUnusable(f"{path} does not exist; there is nothing to copy")
    opening.check(path)
    _refuse(path, to)
    log = own_files.beside(path, own_files.LOG)
    before = _size_of(log)
    with _becoming(to) as (part, descriptor):
        with closing(connections.connect_reader(path)) as source:
            source.execute("BEGIN")
            size = soundness.size(source)
            if shutil.disk_usage(to.parent).free < size:
                raise CopyFailed(f"{to} would have {mebibytes(size)}, for which its disk has no room")
            pour(source, part, progress, lambda: os.fdatasync(descriptor))
            facts = _Common.of(source)
        log_grew = max(0, _size_of(log) - before)
        os.fsync(descriptor)
        _verify(part, facts)
    return Backup(size=size, log_grew=log_grew)


def pour(source: sqlite3.Connection, into: Path, progress: OnStep, written: Callable[[], None]) -> None:
    """Copy all pages, as of the transaction that `source` has open, into a file that is nobody's yet.

    It is no database until this has returned; `written` is called after each step.
    """

    def step(_status: int, left: int, pages: int) -> None:
        written()
        progress(pages - left, pages)

    with closing(sqlite3.connect(connections.uri(into, "rw"), uri=True, isolation_level=None)) as target:
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, pages=STEP_PAGES, progress=step)
        # One file that is whole without another one beside it, and can be read where nothing can be written.
        target.execute("PRAGMA journal_mode = DELETE")


@contextmanager
def reading_alone(path: Path) -> Iterator[sqlite3.Connection]:
    """A copy that nobody writes to, read-only; SQLite puts nothing beside it unless it has a log that counts."""
    beside = (own_files.beside(path, ending) for ending in (own_files.LOG, own_files.JOURNAL))
    alone = "" if any(_size_of(each) for each in beside) else "&immutable=1"
    with closing(sqlite3.connect(connections.uri(path, "ro") + alone, uri=True, isolation_level=None)) as connection:
        yield connection


def _verify(part: Path, facts: _Common) -> None:
    with reading_alone(part) as copy:
        if found := soundness.problems(copy):
            raise CopyFailed(
                f"the copy is damaged, and removed ({found[0]}); polar db check looks through the database"
            )
        if _Common.of(copy) != facts:
            raise CopyFailed("the copy has not what the database has, and is removed")


@contextmanager
def _becoming(to: Path) -> Iterator[tuple[Path, int]]:
    """A file of another name beside `to`, and its descriptor: in the end it has that name, or is gone."""
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, private_files.MODE)
        try:
            yield part, descriptor
            _refuse_existing(to)
            part.rename(to)
            private_files.sync_folder(to.parent)
        except BaseException:
            for left in own_files.all_of(part):
                left.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)
    except (OSError, sqlite3.DatabaseError) as error:
        raise CopyFailed(f"{to} was not written ({error}); nothing is left of it") from error


def _refuse(path: Path, to: Path) -> None:
    if to.resolve() in own_files.all_of(path) or (to.exists() and to.samefile(path)):
        raise CopyFailed(f"{to} is the database itself, or a file of it; name another file")
    _refuse_existing(to)
    if not to.parent.is_dir():
        raise CopyFailed(f"the folder {to.parent} does not exist; create it, or name another one")


def _refuse_existing(to: Path) -> None:
    if os.path.lexists(to):
        raise CopyFailed(f"{to} is there already; name another file, or remove that first")


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
