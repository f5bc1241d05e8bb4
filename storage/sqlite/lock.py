"""The lock file beside the database: who holds it is the one process that may write as a bot."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import DatabaseLocked, DatabaseUnusable
from storage.sqlite import own_files


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the database's lock without opening it here; raises DatabaseLocked."""
    lock = take(path)
    try:
        yield
    finally:
        os.close(lock)


def take(path: Path) -> int:
    """Take the lock file beside the database; the kernel gives it back when the process ends."""
    beside = own_files.beside(path, own_files.LOCK)
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnusable(
            f"the lock file {beside} cannot be opened ({error.strerror}); "
            "give it to this user, or change POLAR_DATABASE"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise DatabaseLocked(
            f"another Polar process runs on {path}; stop it first, or name another file in POLAR_DATABASE"
        ) from None
    return descriptor
