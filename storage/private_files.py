"""Files and folders that are their owner's alone from the first byte on: what people wrote is in them."""

from __future__ import annotations

import logging
import os
import shlex
import stat
from contextlib import suppress
from pathlib import Path

MODE = 0o600
FOLDER_MODE = 0o700

log = logging.getLogger("polar.files")


def create(path: Path) -> None:
    """Make an empty file where there is none, whatever the umask; raises OSError.

    Whoever opens it later keeps its mode, and SQLite gives it to the files that it puts beside a database.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE))


def make_folder(path: Path) -> None:
    """Make a folder, and what is missing above it; one that is there keeps its mode. Raises OSError."""
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=FOLDER_MODE, exist_ok=True)


def is_open_to_others(path: Path) -> bool:
    """True if others than the owner may read or write a file; False where there is none.

    The group counts only where the file is ours: of another user's file, its rights may be what lets us in.
    """
    try:
        status = path.stat()
    except OSError:
        return False
    others = stat.S_IRWXO | (stat.S_IRWXG if status.st_uid == os.geteuid() else 0)
    return bool(status.st_mode & others)


def tighten(*paths: Path) -> None:
    """Take from others what they may do with these files; a line of the log tells that, or why it cannot be.

    No file is opened for it: closing it again would drop the locks of a process that has it open.
    """
    loose = [path for path in paths if is_open_to_others(path)]
    reason = "its file system keeps no modes"
    for path in loose:
        try:
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~(stat.S_IRWXG | stat.S_IRWXO))
        except OSError as error:
            reason = error.strerror or type(error).__name__
    left = [path for path in loose if is_open_to_others(path)]
    if closed := [str(path) for path in loose if path not in left]:
        log.warning("others could read or write %s; only the owner can from now on", ", ".join(closed))
    if left:
        log.warning("others can read or write a file, which cannot be changed here (%s); %s", reason, remedy(*left))


def remedy(*paths: Path) -> str:
    """The command that takes it from them."""
    return "mend it with: " + shlex.join(["chmod", "600", *map(str, paths)])


def sync_folder(folder: Path) -> None:
    """Have the disk know the names in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
