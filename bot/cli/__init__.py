"""The `polar` command, one file a subject."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from bot import VERSION
from bot.cli import automations, budget, database, demo, emulator, export, heartbeat, replay, run, schedule, web
from bot.run import CannotRun
from bot.settings import SettingsError
from storage.errors import StorageError

app = typer.Typer(
    name="polar",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("emulator")(emulator.emulator)
app.command("export")(export.export)
app.command("replay")(replay.replay)
app.command("schedule")(schedule.schedule)
app.command("web")(web.web)
app.add_typer(database.app, name="db")
app.add_typer(automations.app, name="automations")
app.add_typer(budget.app, name="budget")
app.add_typer(heartbeat.app, name="heartbeat")


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"polar {VERSION}")
        raise typer.Exit


@app.callback()
def polar(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A Telegram bot runtime that people trust: nothing lost, nothing doubled, one SQLite file."""


def main() -> None:
    """Exit status 0 for success, 1 for a failure told in one line, 2 for wrong usage."""
    try:
        app(prog_name="polar")
    except (CannotRun, SettingsError, StorageError) as error:
        print(f"polar: {error}", file=sys.stderr)  # noqa: T201 - the command's own voice
        sys.exit(1)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)
