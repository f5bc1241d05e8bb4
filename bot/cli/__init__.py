"""The `polar` command, one file a subject; each is imported when it is called."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot import VERSION
from bot.cli.deferred import Deferred
from bot.errors import BotError
from storage.errors import StorageError

COMMANDS = (
    Deferred("init", "bot.cli.init:init", "Set up a bot: check its token and its model, and write .env."),
    Deferred("run", "bot.cli.run:run", "Run the bot, by polling or webhook, until SIGINT or SIGTERM."),
    Deferred(
        "doctor",
        "bot.cli.doctor:doctor",
        "Look for what is wrong, whether the bot runs or not, and change nothing; status 1 where something failed.",
    ),
    Deferred(
        "demo",
        "bot.cli.demo:demo",
        "Show a scripted minute with the real bot, an embedded Telegram and a model; then write to it yourself.",
    ),
    Deferred(
        "emulator",
        "bot.cli.emulator:emulator",
        "Serve the embedded Telegram, with its chat page, on loopback until SIGINT or SIGTERM.",
    ),
    Deferred(
        "export",
        "bot.cli.export:export",
        "Write Markdown files of what the database holds, which is only read; safe while the bot runs.",
    ),
    Deferred(
        "erase",
        "bot.cli.erase:erase",
        "Erase what is kept of a person, as /forget me does; safe while the bot runs.",
    ),
    Deferred(
        "replay",
        "bot.cli.replay:replay",
        "Rebuild the task board from the run ledger; safe while the bot runs, and any number of times.",
    ),
    Deferred("spend", "bot.cli.spend:spend", "Tell what calls of models have cost, with a budget or without one."),
    Deferred("schedule", "bot.cli.schedule:schedule", "Say what a schedule text means, and its next instants."),
    Deferred("web", "bot.cli.web:web", "Serve the read-only dashboard at POLAR_WEB_LISTEN until SIGINT or SIGTERM."),
    Deferred("db", "bot.cli.database:app", "Database care."),
    Deferred("updates", "bot.cli.updates:app", "Updates that were set aside, and their way back."),
    Deferred("deliveries", "bot.cli.deliveries:app", "Deliveries that have failed, and their way back."),
    Deferred("users", "bot.cli.people:users", "Who may talk to the bot."),
    Deferred("pair", "bot.cli.people:pair", "Who asks to be let in; letting them in, and shutting them out."),
    Deferred("automations", "bot.cli.automations:app", "The operator's view of automations."),
    Deferred("budget", "bot.cli.budget:app", "Budgets: what may be spent on answers."),
    Deferred("feedback", "bot.cli.feedback:app", "What reactions teach, as files and comparisons."),
    Deferred(
        "experiments",
        "bot.cli.experiments:app",
        "Experiments: answers of another kind for some, to see what is liked.",
    ),
    Deferred("heartbeat", "bot.cli.heartbeat:app", "Heartbeat policies: what the bot looks after by itself."),
)
"""Each with what it is for, in the words of its own help, as a list of them needs no more."""


class Polar(TyperGroup):
    """The command: a failure is told in one line, with exit status 1; an interrupt is status 130."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for command in COMMANDS:
            self.add_command(command)

    def invoke(self, ctx: Any) -> Any:
        """Do what was asked for; wrong usage, status 2, is told before this or passes through."""
        try:
            return super().invoke(ctx)
        except (BotError, StorageError) as error:
            _tell_failure(str(error))
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


def _tell_failure(reason: str) -> None:
    """In its lines, which may name what others wrote."""
    from bot.cli.facts import printable

    typer.echo("polar: " + "\n".join(map(printable, reason.split("\n"))), err=True)


def main() -> None:
    """Exit status 0 for success, 1 for a failure told in one line, 2 for wrong usage."""
    app(prog_name="polar")
