"""`polar replay`: the task board, from the run ledger."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bot.cli.rows import commit, writable
from storage.tables.runs import Runs


def replay(
    first: Annotated[int, typer.Option("--from", min=0, help="The ledger sequence to start at.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rebuild the task board from the run ledger; safe while the bot runs, and any number of times."""
    with writable() as connection:
        commit(connection, Runs.replay(first=first))
        counts = dict(connection.execute("SELECT status, count(*) FROM polar_task_board GROUP BY status").fetchall())
    typer.echo(json.dumps(counts) if as_json else ", ".join(f"{n} {s}" for s, n in sorted(counts.items())) or "empty")
