"""The `polar` command, one file a subject."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot import VERSION
from bot.cli import (
    automations,
    budget,
    database,
    deliveries,
    demo,
    emulator,
    erase,
    export,
    heartbeat,
    replay,
    run,
    schedule,
    updates,
    web,
)
from bot.errors import BotError
from storage.errors import StorageError


class Polar(TyperGroup):
    """The command: a failure is told in one line, with exit status 1; an interrupt is status 130."""

    def invoke(self, ctx: Any) -> Any:
        """Do what was asked for; wrong usage, status 2, is told before this or passes through."""
        try:
            return super().invoke(ctx)
        except (BotError, StorageError) as error:
            typer.echo(f"polar: {error}", err=True)
            raise typer.Exit(1) from None
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise typer.Exit(130) from None


app = typer.Typer(
    name="polar",
    cls=Polar,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("emulator")(emulator.emulator)
app.command("export")(export.export)
app.command("erase")(erase.erase)
app.command("replay")(replay.replay)
app.command("schedule")(schedule.schedule)
app.command("web")(web.web)
app.add_typer(database.app, name="db")
app.add_typer(updates.app, name="updates")
app.add_typer(deliveries.app, name="deliveries")
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
    app(prog_name="polar")
