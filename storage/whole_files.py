"""Files that are replaced whole or not at all, in a folder that one process writes at a time."""

from __future__ import annotations

import fcntl
import filecmp
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import CannotWrite
from storage.private_files import MODE, make_folder


class Folder:
    """A folder of such files."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path = path
        self._handle = handle

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Folder]:
        """Make the folder if need be, and keep others that write such files out of it; raises CannotWrite."""
        handle = _lock(path)
        try:
            yield cls(path, handle)
        finally:
            os.close(handle)

    def sweep(self, names: Iterable[str]) -> None:
        """Remove what a process that was killed has left."""
        for name in names:
            try:
                self._temporary(name).unlink(missing_ok=True)
            except OSError as error:
                raise CannotWrite(f"{self._temporary(name)} cannot be removed ({error.strerror})") from error

    def replace(self, name: str, lines: Iterable[str]) -> bool:
        """Put the lines into a file, mode 0600; False where it has them already, and is left as it is."""
        temporary, target = self._temporary(name), self._path / name
        try:
            try:
                _write(temporary, lines)
                if _is_same(temporary, target):
                    return False
                temporary.replace(target)
                os.fsync(self._handle)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise CannotWrite(f"{target} cannot be written ({error.strerror}); what was there is left") from error
        return True

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self._path / name).stat().st_size

    def _temporary(self, name: str) -> Path:
        return self._path / f".{name}.tmp"


def _lock(folder: Path) -> int:
    try:
        make_folder(folder)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # The kernel gives the lock back, however its holder ends.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BaseException:
            os.close(handle)
            raise
    except BlockingIOError:
        raise CannotWrite(f"another process is writing to {folder}; try again when it has ended") from None
    except OSError as error:
        raise CannotWrite(f"the folder {folder} cannot be made or used ({error.strerror})") from error
    return handle


def _write(path: Path, lines: Iterable[str]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
    with open(handle, "w", encoding="utf-8", newline="\n", buffering=1 << 20) as file:  # noqa: PTH123 - by its handle
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(handle)


def _is_same(made: Path, present: Path) -> bool:
    try:
        status = present.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and stat.S_IMODE(status.st_mode) == MODE and filecmp.cmp(made, present, False)
