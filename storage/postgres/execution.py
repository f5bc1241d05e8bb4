"""Statements within an open transaction, sent one behind the other before any answer is waited for.

None runs as one with others: within a pipeline that would save little, while a statement of many rows may enter them in
another order than they have, and may not change a row twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain, takewhile
from typing import Any

import psycopg
from psycopg import Cursor
from psycopg.pq import ExecStatus

from storage.errors import ExpectationFailed
from storage.postgres.dialect import translate
from storage.postgres.rows import NamedRow, ServerConnection
from storage.statement import Rows, Statement, Unit, UnitRows

_Sent = tuple[Statement, Cursor[NamedRow]]


def run_units(link: ServerConnection, units: Sequence[Unit], begin: Callable[[], Any]) -> list[UnitRows]:
    """All units' answers, in order; `begin` sends what stands before them. Raises what voids any of them first."""
    sent: list[list[_Sent]] = [[] for _ in units]
    try:
        with _pipelined(link):
            begin()
            for unit, cursors in zip(units, sent, strict=True):
                cursors.extend((statement, send(link, statement)) for statement in unit)
    except psycopg.Error:
        # The server ran on behind what was not as expected, which is why it has failed, or before that at least.
        for each in takewhile(_has_come, chain.from_iterable(sent)):
            _answer(*each)
        raise
    return [[_answer(*each) for each in unit] for unit in sent]


def send(link: ServerConnection, statement: Statement) -> Cursor[NamedRow]:
    """One statement."""
    return link.execute(translate(statement.sql), statement.params)


@contextmanager
def _pipelined(link: ServerConnection) -> Iterator[None]:
    with link.pipeline() as pipeline:
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):  # it is the first failure that tells, not what was called off behind it
                pipeline.sync()
            raise


def _has_come(sent: _Sent) -> bool:
    result = sent[1].pgresult
    return result is not None and result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def _answer(statement: Statement, cursor: Cursor[NamedRow]) -> Rows:
    rows: Rows = list(cursor.fetchall()) if statement.answers else []
    changed = len(rows) if statement.answers else cursor.rowcount
    if statement.expect is not None and changed != statement.expect:
        raise ExpectationFailed(statement.sql, statement.expect, changed)
    return rows
