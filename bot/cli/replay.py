"""`polar replay`: the task board, from the run ledger."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Annotated

import typer

from bot import settings
from storage import opening
from storage.errors import DatabaseUnusable
from storage.runs import Runs


def replay(
    first: Annotated[int, typer.Option("--from", min=0, help="The ledger sequence to start at.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rebuild the task board from the run ledger; safe while the bot runs, and any number of times."""
    path = settings.load().database_path
    if opening.check(path) == 0:
        raise DatabaseUnusable(f"{path} has no task board yet; polar db migrate brings it up to date")
    with closing(opening.connect_writer(path)) as connection:
        statement = Runs.replay(first=first)
        connection.execute(statement.sql, statement.params)
        counts = dict(connection.execute("SELECT status, count(*) FROM polar_task_board GROUP BY status").fetchall())
    typer.echo(json.dumps(counts) if as_json else ", ".join(f"{n} {s}" for s, n in sorted(counts.items())) or "empty")
