"""`polar db backup`: a copy of the database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli import settings
from bot.cli.facts import AsJson, mebibytes
from bot.cli.progress import telling
from bot.clock import stopwatch
from storage.backup import back_up

File = Annotated[Path, typer.Argument(metavar="FILE", help="The copy.", show_default=False)]


def backup(file: File, as_json: AsJson = False) -> None:
    """Copy the database to FILE, which must not be there yet; safe while the bot runs.

    The copy is of one instant. It is looked through before it gets its name, and is for its owner alone.
    """
    began = stopwatch()
    with telling("copying") as progress:
        made = back_up(settings.load().database_path, file, progress)
    seconds = stopwatch() - began
    if as_json:
        facts = {"file": str(file), "bytes": made.size, "seconds": round(seconds, 3), "logGrewBytes": made.log_grew}
        typer.echo(json.dumps(facts))
    else:
        grew = f"the log grew by {mebibytes(made.log_grew)} meanwhile"
        typer.echo(f"{file} has {mebibytes(made.size)} and is whole, after {seconds:.1f} s; {grew}")
