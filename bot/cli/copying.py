"""`polar db copy`: from SQLite to PostgreSQL, or back."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.facts import AsJson
from bot.cli.progress import telling
from bot.clock import stopwatch, system_clock
from storage import care, location
from storage.copying import Copied
from storage.location import Location

From = Annotated[str, typer.Argument(metavar="FROM", help="A file, or postgresql://user@host/database.")]
To = Annotated[str, typer.Argument(metavar="TO", help="The other one, in which nothing is yet.")]
Skip = Annotated[bool, typer.Option("--skip", help="Leave out the rows that TO cannot hold; they are listed.")]


def copy(source: From, target: To, skip: Skip = False, as_json: AsJson = False) -> None:
    """Copy all that is in FROM to TO, one a file and one on a PostgreSQL server, and go on there; stop the bot first.

    In the end both sides are compared, and FROM is marked as moved, so that no bot starts on it. What was ended before
    that goes on when it is called again. Exit status 1 where TO cannot hold a row; then nothing is moved. Passwords
    come from PGPASSWORD or a PGPASSFILE, as arguments can be read by others.
    """
    one, other = _location(source), _location(target)
    began = stopwatch()
    with telling("copying") as progress:
        copied = care.copy(one, other, progress, skips=skip, now_ms=system_clock()())
    seconds = stopwatch() - began
    if as_json:
        facts = {"finished": copied.is_finished, "seconds": round(seconds, 3), **asdict(copied)}
        typer.echo(json.dumps({"from": str(one), "to": str(other), **facts}))
    else:
        _tell(copied, one, other, seconds)
    raise typer.Exit(0 if copied.is_finished else 1)


def _location(text: str) -> Location:
    try:
        return location.parse(text, Path.cwd())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _tell(copied: Copied, one: Location, other: Location, seconds: float) -> None:
    for row in copied.refused:
        typer.echo(f"{row.table} {row.key}: {row.reason}")
    if not copied.is_finished:
        typer.echo(
            f"{other} cannot hold {len(copied.refused)} rows of {one}, and nothing is moved; "
            "mend them there, or leave them out by --skip, and copy again"
        )
        return
    rows, tables = sum(table.rows for table in copied.tables), len(copied.tables)
    typer.echo(f"{rows:,} rows of {tables} tables are the same in both, after {seconds:.1f} s")
    if copied.refused:
        typer.echo(f"{len(copied.refused)} rows were left out")
    typer.echo(f"No bot starts on {one} any more; set POLAR_DATABASE={other}")
