"""What a failure of PostgreSQL's means, by its code: the database is lost, others are in the way, or neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from storage.errors import DatabaseBusy, DatabaseLost, DatabaseUnusable, StatementFailed, StorageError
from storage.location import ServerUrl

_FATAL = {"25006", "53100", "58030", "58P01", "XX001", "XX002"}
"""It may not be written any more, as another server has taken over; its disk is full or fails; it is damaged."""
_BUSY = (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable)


def is_fatal(error: BaseException) -> bool:
    """True if a failure concerns the server or the way to it: nothing later in this process can be trusted to work."""
    return is_end(error) or (isinstance(error, psycopg.Error) and error.sqlstate in _FATAL)


def is_end(error: BaseException) -> bool:
    """True if the connection has ended, by either side or between them."""
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, errors.PipelineAborted):
        return False
    code = error.sqlstate  # none of libpq's own failures has one
    return code is None or code.startswith(("08", "57P"))


def is_busy(error: BaseException) -> bool:
    """True if others were in the way, which says nothing of the statement: it is tried again."""
    return isinstance(error, _BUSY)


def failure_of_reader(error: psycopg.Error) -> StorageError:
    """What a failure of reading is to whoever asked: that one who may not write was asked to is a mistake of theirs."""
    if is_fatal(error) and not isinstance(error, errors.ReadOnlySqlTransaction):
        return lost(error)
    return _refused(error)


def failure_of_unit(error: Exception) -> Exception:
    """What has voided a unit, to whoever waits for it."""
    return _refused(error) if isinstance(error, psycopg.Error) else error


def lost(error: BaseException) -> DatabaseLost:
    """The end of the database by a failure of the server's."""
    failure = DatabaseLost(f"{DatabaseLost.__doc__} PostgreSQL says: {told(error)}")
    failure.__cause__ = error
    return failure


def told(error: BaseException) -> str:
    """A failure in one line, without the values that the server quotes: they may be somebody's words."""
    if not isinstance(error, psycopg.Error) or error.sqlstate is None:
        return " ".join(str(error).split())
    return type(error).__name__ if error.sqlstate.startswith("22") else error.diag.message_primary or error.sqlstate


def _refused(error: psycopg.Error) -> StatementFailed:
    failure = StatementFailed(told(error))
    failure.__cause__ = error
    return failure


@contextmanager
def refusing(url: ServerUrl) -> Iterator[None]:
    """Turn what the server says into what to do about it."""
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise DatabaseUnusable(
            f"{url} does not let this user do what is needed ({told(error)}); as its owner, GRANT CREATE on the "
            "database and on schema public to who writes, USAGE on schema polar and SELECT on the tables to who reads"
        ) from error
    except psycopg.Error as error:
        if is_busy(error):
            raise DatabaseBusy from error
        raise DatabaseUnusable(
            f"{url} cannot be used ({told(error)}); start the server, let this user in, or change POLAR_DATABASE"
        ) from error
