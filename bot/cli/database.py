"""`polar db`: database care."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot import settings
from bot.clock import system_clock
from storage import migrations, opening
from storage.database import exclusive
from storage.errors import DatabaseUnusable

app = typer.Typer(help="Database care.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def _path() -> Path:
    return settings.load().database_path


def _existing() -> Path:
    path = _path()
    opening.check(path)
    if not path.exists():
        raise DatabaseUnusable(f"{path} does not exist; polar run or polar db migrate creates it")
    return path


@app.command()
def migrate(as_json: Json = False) -> None:
    """Create the database, or bring it to this version's schema."""
    path = _path()
    opening.check(path)
    with exclusive(path):
        connection, applied = opening.prepare(path, system_clock()())
        connection.close()
    names = [f"{migration.version:04} {migration.name}" for migration in applied]
    if as_json:
        typer.echo(json.dumps({"version": migrations.newest(), "applied": names}))
    else:
        typer.echo("\n".join(f"applied {name}" for name in names) or f"already at version {migrations.newest()}")


@app.command()
def check(as_json: Json = False) -> None:
    """Check the file's integrity; exit status 1 when something is wrong with it."""
    with closing(_read_only(_existing())) as connection:
        problems = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        problems += [f"foreign key: {tuple(row)}" for row in connection.execute("PRAGMA foreign_key_check")]
    problems = [problem for problem in problems if problem != "ok"]
    if as_json:
        typer.echo(json.dumps({"ok": not problems, "problems": problems}))
    else:
        typer.echo("\n".join(problems) or "ok")
    raise typer.Exit(1 if problems else 0)


@app.command()
def stats(as_json: Json = False) -> None:
    """Rows of each table, and the states of updates and deliveries."""
    with closing(_read_only(_existing())) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'polar\\_%' ESCAPE '\\' "
                "AND name NOT LIKE 'polar\\_memory\\_fts\\_%' ESCAPE '\\' ORDER BY name"
            )
        ]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
        states = {
            name: dict(connection.execute(f"SELECT status, count(*) FROM {name} GROUP BY status"))
            for name in ("polar_updates", "polar_delivery_queue")
            if name in rows
        }
        pages, size = (connection.execute(f"PRAGMA {p}").fetchone()[0] for p in ("page_count", "page_size"))
    if as_json:
        typer.echo(json.dumps({"rows": rows, "states": states, "bytes": pages * size}))
        return
    table = Table("table", "rows", "states", caption=f"{pages * size / 1_048_576:.1f} MiB")
    table.columns[1].justify = "right"
    for name, count in rows.items():
        table.add_row(name, f"{count:,}", ", ".join(f"{n:,} {s}" for s, n in states.get(name, {}).items()))
    Console().print(table)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(opening.uri(path, "ro"), uri=True)
