"""`polar erase`: a person's data erased by the operator, by the same statements as `/forget me`; who was erased."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Annotated

import typer

from bot.cli import rows
from bot.cli.columns import Shown
from bot.cli.facts import AsJson, instant, rows_of_tables, show_table
from bot.cli.progress import telling
from storage.beside import Beside
from storage.erasure import Erasure
from storage.tables.erasures import Erasures, write_list
from storage.traces import Traces

TRIES, PAUSE_S = 50, 0.1
"""The tries to empty the log, and the wait in between for those who read from it."""
_USER = re.compile(r"[1-9][0-9]{0,18}")
_STILL_READ = (
    "polar: somebody reads the database just now, so its log keeps what it held of them; "
    "a running bot empties it within a minute, else run this again"
)
UserId = Annotated[
    str | None,
    typer.Argument(metavar="USER", help="Telegram's number of a person, as /whoami tells it.", show_default=False),
]
Listing = Annotated[bool, typer.Option("--list", help="Only list whose data was erased, and when.")]
Preview = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be erased.")]


def erase(user_id: UserId = None, dry_run: Preview = False, listing: Listing = False, as_json: AsJson = False) -> None:
    """Erase what is kept of a person, as /forget me does; safe while the bot runs.

    With --list nothing is erased. With --json that is the list which polar db restore and polar db adopt read: keep it
    beside the copies of the database.
    """
    if listing:
        if user_id is not None or dry_run:
            raise typer.BadParameter("--list goes with nothing but --json")
        _list(as_json=as_json)
        return
    if user_id is None or not _USER.fullmatch(user_id):
        found = "nothing" if user_id is None else f"{user_id!r:.80}"
        raise typer.BadParameter(f"USER: expected a person's number, like 123456789 (found {found})")
    doing = "looking through it" if dry_run else "erasing"
    with rows.database() as database, telling(doing):
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


def _list(*, as_json: bool) -> None:
    with rows.database() as database:
        erased = database.ask(Erasures(database).list_all())
    if as_json:
        typer.echo(write_list(erased))
        return
    times = (instant(each.at_ms) if each.has_time else "before times were kept" for each in erased)
    facts = ({"person": each.user_id, "at": at} for each, at in zip(erased, times, strict=True))
    show_table(facts, (Shown("person", "person"), Shown("at", "erased at")), none="nobody was erased")


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
    show_table(
        ({"table": name, "rows": count} for name, count in counts.items()),
        rows_of_tables("rows that would be erased" if dry_run else "rows erased"),
    )
