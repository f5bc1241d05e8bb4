"""`polar replay`: the task board, from the run ledger."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from bot.cli import rows
from bot.cli.progress import telling
from storage.tables.runs import Runs


def replay(
    first: Annotated[int, typer.Option("--from", min=0, help="The ledger sequence to start at.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rebuild the task board from the run ledger; safe while the bot runs, and any number of times."""
    with rows.database() as database, telling("rebuilding"):
        database.commit(Runs.replay(first=first))
        counts = database.ask(Runs(database).count_by_task_status())
    typer.echo(json.dumps(counts) if as_json else ", ".join(f"{n} {s}" for s, n in sorted(counts.items())) or "empty")
