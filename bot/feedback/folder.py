"""A folder that is replaced whole: whoever looks, and whatever ends the process, finds the former or the new one."""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.errors import CannotRun
from storage.private_files import FOLDER_MODE, MODE, make_folder

_HERE, _EXCHANGE = -100, 2
"""AT_FDCWD and RENAME_EXCHANGE of Linux."""


@dataclass(frozen=True, slots=True)
class NewFolder:
    """The folder in the making, beside the one that it is to replace; only its owner reads it."""

    path: Path

    def write(self, name: str, lines: Iterable[str]) -> int:
        """Put lines into a file of their own, and count them; raises OSError."""
        count = 0
        handle = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with open(handle, "wb", buffering=1 << 20) as file:  # noqa: PTH123 - by its handle
            for line in lines:
                count += 1
                file.write(f"{line}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        return count

    def remove(self, name: str) -> None:
        """Take a file out again."""
        (self.path / name).unlink()


@contextmanager
def replacing(path: Path, *, ours: Iterable[str]) -> Iterator[NewFolder]:
    """Give a new folder, which is in the place of `path` afterwards, unless something was raised.

    Raises CannotRun where the former holds anything that is not named as `ours` are (patterns), where another run
    makes one just now, or where none can be written.
    """
    path = path.resolve()
    if not path.name:
        raise CannotRun("--out names a folder of its own, which is replaced; this is all there is")
    new = path.with_name(f".{path.name}.new")
    try:
        _restore(path)
        _check(path, list(ours))
        with _alone(new) as handle:
            yield NewFolder(new)
            os.fsync(handle)
            _put(new, path)
    except OSError as error:
        raise CannotRun(f"{path} cannot be written ({error.strerror}); what was there is left as it was") from error


def _check(path: Path, ours: list[str]) -> None:
    if path.exists() and not path.is_dir():
        raise CannotRun(f"{path} is a file; --out names a folder")
    names = sorted(found.name for found in path.iterdir()) if path.exists() else []
    foreign = [name for name in names if not any(Path(name).match(pattern) for pattern in ours)]
    if foreign:
        raise CannotRun(f"{path} holds what is no part of a dataset ({foreign[0]}); --out names a folder of its own")


@contextmanager
def _alone(new: Path) -> Iterator[int]:
    """An empty folder that no other run writes into; what a run that was killed has left there is removed."""
    make_folder(new)
    handle = os.open(new, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(handle)
        try:
            new.chmod(FOLDER_MODE)
            for left in new.iterdir():
                left.unlink()
            yield handle
        finally:
            shutil.rmtree(new, ignore_errors=True)
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    """The kernel gives the lock back, however its holder ends."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotRun("another run makes this dataset just now; try again when it has ended") from None


def _put(new: Path, path: Path) -> None:
    """Give the new folder its name; what had that name has the other one then."""
    if not path.exists():
        new.rename(path)
    elif not exchange(new, path):
        # Where the system cannot do it at once, the former has another name in between, by which `_restore` finds it.
        former = _former(path)
        path.rename(former)
        new.rename(path)
        former.rename(new)
    parent = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)


def _restore(path: Path) -> None:
    """Undo half an exchange."""
    if (former := _former(path)).is_dir():
        if path.exists():
            shutil.rmtree(former)
        else:
            former.rename(path)


def _former(path: Path) -> Path:
    return path.with_name(f".{path.name}.former")


def exchange(one: Path, other: Path) -> bool:
    """Give each the name of the other, at once; False where the system cannot."""
    with suppress(AttributeError):
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
        return bool(renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
    return False
