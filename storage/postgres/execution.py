"""Statements within an open transaction, sent one behind the other before any answer is waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import Cursor

from storage import grouping
from storage.grouping import Step
from storage.postgres.connections import Link
from storage.postgres.dialect import translate
from storage.postgres.rows import NamedRow
from storage.statement import Bulk, Statement, Unit, UnitRows

_Sent = tuple[Cursor[NamedRow], Bulk | None, list[Step]]
"""What was sent for some steps, and how they run as one, where they do."""


def run_group(link: Link, units: Sequence[Unit], begin: Callable[[], Any]) -> list[UnitRows]:
    """The answers of all units, as if each had run by itself, in order; `begin` sends what stands before them.

    Raises what voids any of them.
    """
    answers: list[UnitRows] = [[[] for _ in unit] for unit in units]
    with _pipelined(link):
        begin()
        sent = [_send(link, *part) for part in _parts(units, answers)]
    for each in sent:
        _settle(*each)
    return answers


def run_unit(link: Link, unit: Unit, begin: Callable[[], Any] = lambda: None) -> UnitRows:
    """The answer of one unit, each of whose statements runs as it is; raises what voids it."""
    answer: UnitRows = [[] for _ in unit]
    with _pipelined(link):
        begin()
        sent = [_send(link, None, [(statement, answer, place)]) for place, statement in enumerate(unit)]
    for each in sent:
        _settle(*each)
    return answer


def send(link: Link, statement: Statement) -> Cursor[NamedRow]:
    """One statement as it is."""
    return link.execute(translate(statement.sql), statement.params)


@contextmanager
def _pipelined(link: Link) -> Iterator[None]:
    with link.pipeline() as pipeline:
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):  # it is the first failure that tells, not what was called off behind it
                pipeline.sync()
            raise


def _parts(units: Sequence[Unit], answers: list[UnitRows]) -> Iterator[tuple[Bulk | None, list[Step]]]:
    for bulk, _, steps in grouping.of_group(units, answers):
        for part in grouping.parted(bulk, steps) if bulk is not None else ([step] for step in steps):
            yield bulk, part


def _send(link: Link, bulk: Bulk | None, part: list[Step]) -> _Sent:
    if bulk is None or len(part) == 1:
        return send(link, part[0][0]), None, part
    return link.execute(translate(bulk.sql(len(part))), grouping.values_of(part)), bulk, part


def _settle(cursor: Cursor[NamedRow], bulk: Bulk | None, part: list[Step]) -> None:
    if bulk is not None:
        if bulk.key:
            grouping.hand_out(bulk, part, list(cursor.fetchall()))
        return
    [(statement, answer, place)] = part
    if statement.answers:
        answer[place] = list(cursor.fetchall())
    grouping.check(statement, len(answer[place]) if statement.answers else cursor.rowcount)
