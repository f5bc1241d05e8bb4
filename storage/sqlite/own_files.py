"""The files of a database: itself, what SQLite puts beside it, and what we do."""

from __future__ import annotations

from pathlib import Path

LOG, JOURNAL = "-wal", "-journal"
SQLITES = (LOG, "-shm", JOURNAL)
"""The endings of what SQLite puts there."""
LOCK = ".lock"
STAGED = ".restoring"
"""What is about to be put in the database's place."""


def beside(path: Path, ending: str) -> Path:
    """The one with this ending, whatever name the database is called by."""
    return _beside(path.resolve(), ending)


def all_of(path: Path) -> list[Path]:
    """Their names, the database's own first, whether they are there or not."""
    real = path.resolve()
    return [_beside(real, ending) for ending in ("", *SQLITES, LOCK, STAGED)]


def _beside(real: Path, ending: str) -> Path:
    return real.with_name(real.name + ending)
