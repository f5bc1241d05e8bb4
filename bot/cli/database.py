"""`polar db`: database care."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

import typer

from bot.cli import copies, copying, rows, settings
from bot.cli.columns import Shown
from bot.cli.facts import AsJson, instant, rows_of_tables, show_table
from bot.cli.progress import telling
from bot.clock import system_clock
from storage import care, migrations
from storage.beside import Beside
from storage.location import Location
from storage.pruning import FIRST, Pruning, Walk, give_back
from storage.text import mebibytes
from storage.views.health import Health

app = typer.Typer(help="Database care.", no_args_is_help=True)
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")]
for command in (copies.backup, copies.restore, copies.adopt, copying.copy):
    app.command()(command)
PAUSE_S = 0.05
"""Between two commits, so that a bot that runs gets its turn."""


def _location() -> Location:
    return settings.load().location


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Create the database, or bring it to this version's schema."""
    with telling("bringing it up to date"):
        applied = care.migrate(_location(), now_ms=system_clock()())
    names = [f"{migration.version:04} {migration.name}" for migration in applied]
    if as_json:
        typer.echo(json.dumps({"version": migrations.newest(), "applied": names}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in names) or f"already at version {migrations.newest()}")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check the file's integrity; exit status 1 when something is wrong with it."""
    with telling("checking"):
        problems = care.find_problems(_location())
    if as_json:
        typer.echo(json.dumps({"ok": not problems, "problems": problems}))
    else:
        typer.echo("\n".join(problems) or "ok")
    raise typer.Exit(1 if problems else 0)


@app.command()
def stats(as_json: AsJson = False) -> None:
    """Rows of each table, and the states of updates and deliveries."""
    with telling("counting"):
        counts = care.count(_location())
    if as_json:
        typer.echo(json.dumps({"rows": counts.rows, "states": counts.states, "bytes": counts.bytes}))
        return
    states = {name: ", ".join(f"{n:,} {s}" for s, n in of.items()) for name, of in counts.states.items()}
    facts = ({"table": name, "rows": n, "states": states.get(name)} for name, n in counts.rows.items())
    show_table(facts, (*rows_of_tables("rows"), Shown("states", "states")))
    typer.echo(f"\n{mebibytes(counts.bytes)}")


@app.command()
def prune(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Let go what has outlived its term, as the bot does by itself; safe while it runs."""
    with rows.database() as database, telling("looking through it"):
        pruning = Pruning(database, settings.load().terms)
        now_ms = database.ask(pruning.now_ms(rows.now_ms()))
        counts = database.ask(_prune(database, pruning, now_ms, dry_run=dry_run))
        given_back = 0 if dry_run or now_ms is None else database.ask(_give_back(database, pruning))
    if as_json:
        facts = {"now": instant(now_ms), "dryRun": dry_run, "rows": counts, "bytes": given_back}
        typer.echo(json.dumps(facts))
    elif now_ms is None:
        typer.echo("nothing can go yet: no update has told Telegram's date, by which age is judged")
    else:
        show_table(
            ({"table": name, "rows": count} for name, count in counts.items()),
            rows_of_tables("rows that would go" if dry_run else "rows that went"),
        )
        typer.echo(f"\nas of {instant(now_ms)}" + ("" if dry_run else f"; gave back {mebibytes(given_back)}"))


@app.command()
def vacuum(as_json: AsJson = False) -> None:
    """Write the file anew without unused pages; from then on a bot gives them back by itself. Stop it first."""
    with telling("writing anew"):
        sizes = care.vacuum(_location())
    if as_json:
        typer.echo(json.dumps({"before": sizes.before, "after": sizes.after, "bytes": sizes.before - sizes.after}))
    else:
        given_back = max(0, sizes.before - sizes.after)
        typer.echo(f"gave back {mebibytes(given_back)}; the file has {mebibytes(sizes.after)} now")


async def _prune(database: Beside, pruning: Pruning, now_ms: int | None, *, dry_run: bool) -> dict[str, int]:
    """The number of rows of each table that go."""
    if now_ms is None:
        return dict.fromkeys((walk.name for walk in pruning.walks), 0)
    return {walk.name: await _walk(database, pruning, walk, now_ms, dry_run=dry_run) for walk in pruning.walks}


async def _walk(database: Beside, pruning: Pruning, walk: Walk, now_ms: int, *, dry_run: bool) -> int:
    gone, after = 0, FIRST
    while True:
        piece = await pruning.look(walk, after=after, now_ms=now_ms)
        if dry_run:
            gone += len(piece.rows)
        elif statements := pruning.drop(piece):
            gone += len(database.commit(*statements)[0])
            await asyncio.sleep(PAUSE_S)
        if piece.next is None:
            return gone
        after = piece.next


async def _give_back(database: Beside, pruning: Pruning) -> int:
    """All pages that can be given back; how many bytes these are."""
    before = (await Health(database).room()).size
    while pages := await pruning.surplus_pages():
        database.commit(*give_back(pages))
        await asyncio.sleep(PAUSE_S)
    return before - (await Health(database).room()).size
