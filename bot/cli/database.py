"""`polar db`: database care."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from bot import settings
from bot.cli.facts import AsJson
from bot.clock import system_clock
from storage import care, migrations

app = typer.Typer(help="Database care.", no_args_is_help=True)


def _path() -> Path:
    return settings.load().database_path


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Create the database, or bring it to this version's schema."""
    applied = care.migrate(_path(), now_ms=system_clock()())
    names = [f"{migration.version:04} {migration.name}" for migration in applied]
    if as_json:
        typer.echo(json.dumps({"version": migrations.newest(), "applied": names}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in names) or f"already at version {migrations.newest()}")


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check the file's integrity; exit status 1 when something is wrong with it."""
    problems = care.find_problems(_path())
    if as_json:
        typer.echo(json.dumps({"ok": not problems, "problems": problems}))
    else:
        typer.echo("\n".join(problems) or "ok")
    raise typer.Exit(1 if problems else 0)


@app.command()
def stats(as_json: AsJson = False) -> None:
    """Rows of each table, and the states of updates and deliveries."""
    found = care.count(_path())
    if as_json:
        typer.echo(json.dumps({"rows": found.rows, "states": found.states, "bytes": found.bytes}))
        return
    table = Table("table", "rows", "states", caption=f"{found.bytes / 1_048_576:.1f} MiB")
    table.columns[1].justify = "right"
    for name, count in found.rows.items():
        table.add_row(name, f"{count:,}", ", ".join(f"{n:,} {s}" for s, n in found.states.get(name, {}).items()))
    Console().print(table)
