"""The errors of storage; the docstring of each class is its default message."""

from __future__ import annotations


class StorageError(Exception):
    """Storage failed."""

    def __str__(self) -> str:
        return super().__str__() or (self.__doc__ or "").strip()


class DatabaseUnusable(StorageError):
    """The database file cannot be used; the message says why and what to do. The file is untouched."""


class DatabaseLocked(DatabaseUnusable):
    """Another bot process runs on this database."""


class DatabaseBusy(StorageError):
    """Another program holds the database's lock."""


class DatabaseLost(StorageError):
    """The database is lost to this process, which can read and commit nothing more."""


class DatabaseClosed(StorageError):
    """The database is closed."""


class StatementFailed(StorageError):
    """The database has refused a statement, or failed to run it; what it says is the cause."""


class QuestionTooLong(StorageError):
    """A question took longer than it may, and was ended."""


class CopyFailed(StorageError):
    """No copy of the database was made, and nothing of one is left."""


class RowRefused(StorageError):
    """The database cannot hold this row."""


class CopyUnusable(StorageError):
    """This copy cannot be put in the place of the database, which is as it was."""


class ErasuresUnreadable(StorageError):
    """This is no list of erasures."""


class CannotWrite(StorageError):
    """A folder or a file in it cannot be written; the message says which and why. Files there are whole."""


class ExpectationFailed(StorageError):
    """A statement changed another number of rows than it expected, so its unit is void."""

    def __init__(self, sql: str, expected: int, found: int) -> None:
        super().__init__(f"expected {expected} row(s), found {found}: {' '.join(sql.split())}")
        self.sql = sql
        self.expected = expected
        self.found = found


class PayloadUnreadable(StorageError):
    """A row of the delivery queue holds no call that this version knows."""
