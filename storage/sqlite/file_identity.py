"""The identity of files: those that were opened are still the ones that have their names."""

from __future__ import annotations

from pathlib import Path

from storage.errors import DatabaseLost
from storage.sqlite import own_files

Identity = tuple[int, int]


class FileIdentity:
    """The database file and its `-wal`, as they are when this is made: by a process that has both open.

    They are looked at with `stat`, as opening and closing them would drop SQLite's locks. SQLite keeps the `-wal`
    as it is, whatever other programs do, while one connection is open.
    """

    def __init__(self, path: Path) -> None:
        """Raises DatabaseLost when one of them is gone already."""
        self._path, self._log = path.absolute(), own_files.beside(path, own_files.LOG)
        self._opened = {name: _identity(name) for name in (self._path, self._log)}

    def verify(self) -> None:
        """Raise DatabaseLost when one of them was deleted, moved or replaced, or cannot be seen any more."""
        for name, opened in self._opened.items():
            if _identity(name) != opened:
                raise DatabaseLost(f"{DatabaseLost.__doc__} {name} is another file now")

    @property
    def has_foreign_log(self) -> bool:
        """True if a `-wal` that somebody else made stands beside the database now."""
        return self._log.exists() and not self._is_ours(self._log)

    def set_log_aside(self) -> Path | None:
        """Once all is closed: the new name of a `-wal` whose database has lost its own; None where that is not so.

        It holds the last commits of that database, whose inode the new name tells. SQLite would write them into
        whatever stands in its place at the next start, or delete them if nothing does.
        """
        if self._is_ours(self._path) or not self._is_ours(self._log):
            return None
        return self._log.rename(self._log.with_name(f"{self._log.name}.of-{self._opened[self._path][1]}"))

    def _is_ours(self, name: Path) -> bool:
        try:
            return _identity(name) == self._opened[name]
        except DatabaseLost:
            return False


def _identity(name: Path) -> Identity:
    try:
        status = name.stat()
    except OSError as error:
        raise DatabaseLost(f"{DatabaseLost.__doc__} {name}: {error.strerror}") from error
    return status.st_dev, status.st_ino
