"""Putting a copy in the place of the database file, and going on with it as storage/adoption.py does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from storage import migrations, moved
from storage.beside import Beside
from storage.errors import CopyUnusable, DatabaseLost, DatabaseUnusable
from storage.migrations import Migration
from storage.sqlite import connections, opening, own_files, replacing, soundness
from storage.sqlite.backup import pour, reading_alone
from storage.sqlite.beside import beside
from storage.sqlite.codes import is_damage
from storage.sqlite.erased import erased_of
from storage.sqlite.lock import exclusive
from storage.state import Halted, Restored
from storage.steps import OnStep
from storage.tables.erasures import Erased, since

_BOT = "SELECT value FROM polar_properties WHERE name = 'bot_id'"
_HAS_TABLE = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
_WHO_WAS_ERASED = (
    "who was erased since the copy was made is not known, as {reason}; give the list that `polar erase --list --json` "
    "made with --erasures FILE, or say --no-erasures where nobody was"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What must be known of a file of whatever version; `erased` is None where it does not tell."""

    bot_id: str | None
    erased: list[Erased] | None
    page_size: int

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> _Facts:
        has_properties = connection.execute(_HAS_TABLE, ("polar_properties",)).fetchone()
        row = connection.execute(_BOT).fetchone() if has_properties else None
        return cls(
            bot_id=row[0] if row else None,
            erased=erased_of(connection),
            page_size=connection.execute("PRAGMA page_size").fetchone()[0],
        )


Settling = Callable[[Beside, Sequence[Erased], int], Halted]
"""As storage.adoption.settle: what a database needs that was another one until now, at which instant."""


def restore(
    path: Path, copy: Path, erased: Sequence[Erased] | None, progress: OnStep, *, settle: Settling, now_ms: int
) -> Restored:
    """Put a copy in the place of the database, which need not be there, nor be whole; nothing may run on it.

    What was erased since is erased again, by the database that is replaced, or by `erased`, which says it where that
    cannot. Until this returns the database is as it was. Raises DatabaseUnusable and CopyUnusable.
    """
    if copy.exists() and path.exists() and copy.samefile(path):
        raise CopyUnusable(f"{copy} is the database itself; polar db adopt is for what was put in its place")
    if copy.resolve() == own_files.beside(path, own_files.STAGED):
        raise CopyUnusable(f"{copy} has the name of what is about to be restored; give it another one")
    if path.is_dir():
        raise DatabaseUnusable(f"{path} is a folder; POLAR_DATABASE must name a file")
    with exclusive(path), replacing.staging(path) as staged:
        former, reason = _former(path)
        list_of_all = _all_erased(former, erased, reason)
        with _checked(copy) as (source, facts):
            _check_bot(copy, facts, former)
            pour(source, staged, progress, lambda: None)
        if former is not None:
            replacing.fit(staged, former.page_size)
        applied, ended = _go_on_from(staged, facts, list_of_all, settle, now_ms)
        aside = replacing.put(staged, path, progress, is_whole=former is not None)
        return Restored(applied=applied, ended=ended, aside=aside)


def adopt(path: Path, erased: Sequence[Erased], *, settle: Settling, now_ms: int) -> Restored:
    """The same for a copy that somebody else has put in the place of the database."""
    with exclusive(path):
        with _checked(path) as (_, facts):
            pass
        opening.tighten(path)
        applied, ended = _go_on_from(path, facts, erased, settle, now_ms)
        return Restored(applied=applied, ended=ended)


def _go_on_from(
    path: Path, facts: _Facts, erased: Sequence[Erased], settle: Settling, now_ms: int
) -> tuple[list[Migration], Halted]:
    """Bring a copy up to date, and end what was open in it."""
    again = since(facts.erased or [], erased)
    try:
        connection, applied = opening.prepare(path, now_ms)
        with closing(connection):
            connection.execute(moved.UNMARK, (moved.TO,))
        with beside(path) as database:
            return applied, settle(database, again, now_ms)
    except DatabaseLost as error:
        raise DatabaseUnusable(f"{path} cannot be written: {error.__cause__}") from error


def _former(path: Path) -> tuple[_Facts | None, str]:
    """What is known of the database that is to be replaced, and why nothing is."""
    if not path.exists():
        return None, f"{path} does not exist"
    try:
        with closing(connections.connect_reader(path)) as connection:
            facts = _Facts.of(connection)
            reason = f"{path} did not keep that"
            if facts.erased and connection.execute("PRAGMA integrity_check(polar_erasures)").fetchone()[0] != "ok":
                return None, f"{path} is damaged (in its list of erasures)"
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return None, f"{path} is damaged ({error})"
    return facts, reason


def _all_erased(former: _Facts | None, erased: Sequence[Erased] | None, reason: str) -> list[Erased]:
    known = former.erased if former is not None else None
    if known is None and erased is None:
        raise DatabaseUnusable(_WHO_WAS_ERASED.format(reason=reason))
    return [*(known or ()), *(erased or ())]


@contextmanager
def _checked(copy: Path) -> Iterator[tuple[sqlite3.Connection, _Facts]]:
    """A copy that is one, and whole; raises CopyUnusable."""
    if not copy.is_file():
        raise CopyUnusable(f"{copy} is no file")
    with reading_alone(copy) as source:
        try:
            source.execute("BEGIN")
            _check(copy, source)
            facts = _Facts.of(source)
        except sqlite3.DatabaseError as error:
            raise CopyUnusable(f"{copy} cannot be read as a SQLite database: {error}") from error
        yield source, facts


def _check(copy: Path, source: sqlite3.Connection) -> None:
    version = migrations.version(source)
    if version > migrations.newest():
        raise CopyUnusable(f"{copy} has schema version {version}, newer than this code; update Polar first")
    if version == 0 and not source.execute(_HAS_TABLE, ("polar_memory",)).fetchone():
        raise CopyUnusable(f"{copy} is no database of Polar's")
    if found := soundness.problems(source):
        raise CopyUnusable(f"{copy} is damaged ({found[0]}); use an older copy")


def _check_bot(copy: Path, facts: _Facts, former: _Facts | None) -> None:
    own = None if former is None else former.bot_id
    if own is not None and facts.bot_id not in (None, own):
        raise CopyUnusable(f"{copy} belongs to the bot with id {facts.bot_id}, the database to bot {own}")
