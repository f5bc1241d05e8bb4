"""`polar erase`: a person's data erased by the operator, by the same statements as `/forget me`."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.cli import rows
from bot.cli.facts import AsJson
from storage.beside import Beside
from storage.erasure import Erasure
from storage.traces import Traces

TRIES, PAUSE_S = 50, 0.1
"""The tries to empty the log, and the wait in between for those who read from it."""
_USER = re.compile(r"[1-9][0-9]{0,18}")
_STILL_READ = (
    "polar: somebody reads the database just now, so its log keeps what it held of them; "
    "a running bot empties it within a minute, else run this again"
)
UserId = Annotated[
    str, typer.Argument(metavar="USER", help="Telegram's number of a person, as /whoami tells it.", show_default=False)
]
Preview = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be erased.")]


def erase(user_id: UserId, dry_run: Preview = False, as_json: AsJson = False) -> None:
    """Erase what is kept of a person, as /forget me does; safe while the bot runs."""
    if not _USER.fullmatch(user_id):
        raise typer.BadParameter(f"USER: expected a person's number, like 123456789 (found {user_id!r:.80})")
    with rows.database() as database:
        statements = Erasure(database).of(user_id, now_ms=rows.now_ms())
        act = database.rehearse if dry_run else database.commit
        counts = Erasure.rows_by_table(statements, act(*Erasure.counted(statements)))
        is_off_disk = not dry_run and database.ask(_sweep(database))
    if as_json:
        facts = {"userId": user_id, "dryRun": dry_run, "rows": counts, "offDisk": is_off_disk}
        typer.echo(json.dumps(facts))
    else:
        _show(counts, dry_run=dry_run)
    if not dry_run and not is_off_disk:
        typer.echo(_STILL_READ, err=True)


async def _sweep(database: Beside) -> bool:
    """Remove what erasing leaves on the disk for a while; False where somebody reads from the log all the time."""
    traces = Traces(database)
    number, begins = await traces.newest(), True
    while not Traces.is_merged(database.commit(*traces.merge(begins=begins))):
        begins = False
    for _ in range(TRIES):
        if not await traces.are_in_former() and database.empty_log():
            database.commit(Traces.removed(number or 0))
            return True
        await asyncio.sleep(PAUSE_S)
    return False


def _show(counts: Mapping[str, int], *, dry_run: bool) -> None:
    table = Table("table", "rows that would be erased" if dry_run else "rows erased")
    table.columns[1].justify = "right"
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    Console().print(table)
