"""What a failure of PostgreSQL's means, by its code, to who reads and to who writes."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from storage.errors import DatabaseLost, StatementFailed
from storage.postgres.codes import failure_of_reader, failure_of_unit, is_busy, is_end, is_fatal, told


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.DiskFull, "lost"),
        (errors.IoError, "lost"),
        (errors.DataCorrupted, "lost"),
        (errors.IndexCorrupted, "lost"),
        (errors.AdminShutdown, "ended"),
        (errors.CrashShutdown, "ended"),
        (errors.ConnectionFailure, "ended"),
        (psycopg.OperationalError, "ended"),
        (errors.DeadlockDetected, "busy"),
        (errors.SerializationFailure, "busy"),
        (errors.LockNotAvailable, "busy"),
        (errors.UniqueViolation, "refused"),
        (errors.UndefinedTable, "refused"),
        (errors.QueryCanceled, "refused"),
        (errors.PipelineAborted, "refused"),
        (errors.InsufficientPrivilege, "refused"),
    ],
)
def test_each_code_means_one_thing(error: type[psycopg.Error], expected: str) -> None:
    """Lost: nothing after it can be trusted; busy: it is tried again; or refused: it is the statement's own."""
    failure = error()
    assert is_fatal(failure) == (expected in ("lost", "ended"))
    assert is_end(failure) == (expected == "ended")
    assert is_busy(failure) == (expected == "busy")
    assert isinstance(failure_of_reader(failure), DatabaseLost) == is_fatal(failure)
    assert isinstance(failure_of_unit(failure), StatementFailed)
    assert failure_of_unit(failure).__cause__ is failure


def test_that_nothing_may_be_written_any_more_is_the_end_for_the_writer_alone() -> None:
    """Another server has taken over. A reader that is asked to write is asked by mistake."""
    failure = errors.ReadOnlySqlTransaction()
    assert is_fatal(failure)
    assert isinstance(failure_of_reader(failure), StatementFailed)


def test_what_is_no_failure_of_the_servers_is_left_as_it_is() -> None:
    """As a parameter's own may be."""
    failure = ValueError("x")
    assert failure_of_unit(failure) is failure
    assert not is_fatal(failure)
    assert not is_busy(failure)


def test_words_of_rows_are_not_told() -> None:
    """PostgreSQL quotes a value that it cannot read, so of such a failure only the kind is told."""
    assert told(errors.InvalidTextRepresentation('invalid input syntax for type bigint: "secret"')) == (
        "InvalidTextRepresentation"
    )
    assert told(psycopg.OperationalError("first line\n\tsecond line")) == "first line second line"
