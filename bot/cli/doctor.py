"""`polar doctor`: what can go wrong, looked at one by one, with the remedy of each."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import settings
from bot.cli.facts import AsJson, to_json
from bot.clock import system_clock
from bot.errors import SettingsError

if TYPE_CHECKING:
    from bot.doctor.diagnosis import Diagnosis
    from bot.doctor.examination import Show
    from bot.settings import Settings

LIMIT_S = 10.0
"""The time that the whole examination may take."""
REACTION_S = 60.0
ASKED = "polar: now react to any message of the bot, in Telegram, with any emoji; it waits for {seconds:g} s"


def doctor(
    reaction: Annotated[
        bool, typer.Option("--reaction", help="Ask for a reaction, and wait until the bot that runs has it.")
    ] = False,
    alive: Annotated[
        bool,
        typer.Option("--alive", help="Only whether a bot runs, for who watches it; status 1 where none does."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for what is wrong, whether the bot runs or not, and change nothing; status 1 where something failed."""
    # Here, as they take their time to import, which no other command should wait for.
    from bot.doctor import on_machine, shown

    diagnoses: list[Diagnosis] = []
    width = shutil.get_terminal_size((80, 24)).columns

    def show(diagnosis: Diagnosis) -> None:
        diagnoses.append(diagnosis)
        if not as_json:
            typer.echo("\n".join(shown.terminal_lines(diagnosis, width=width)))

    try:
        loaded = settings.load()
    except SettingsError as error:
        show(on_machine.wrong_settings(str(error).splitlines()))
    else:
        asyncio.run(_look_for_life(loaded, show) if alive else _examine(loaded, show, reaction=reaction))
    failed = any(diagnosis.verdict in (("failed", "warning") if alive else ("failed",)) for diagnosis in diagnoses)
    if as_json:
        facts = {"ok": not failed, "checks": [shown.as_fact(diagnosis) for diagnosis in diagnoses]}
        typer.echo(to_json(facts))
    else:
        typer.echo(f"\n{shown.summary(diagnoses)}")
    raise typer.Exit(1 if failed else 0)


async def _look_for_life(loaded: Settings, show: Show) -> None:
    """A bot that never started, or has ended, is not alive either."""
    from bot.doctor import kept, on_kept
    from storage import care
    from storage.views.liveness import LastSigns, last_signs

    async with kept.opened(care.look_at(loaded.location)) as readers:
        signs = LastSigns() if readers is None else await last_signs(readers)
    show(on_kept.check_alive(signs, now_ms=system_clock(loaded.clock_offset_seconds)()))


async def _examine(loaded: Settings, show: Show, *, reaction: bool) -> None:
    from bot import responders
    from bot.doctor import kept
    from bot.doctor.examination import Examination
    from bot.doctor.reaction import wait_for_reaction
    from storage import care

    clock = system_clock(loaded.clock_offset_seconds)
    state = care.look_at(loaded.location)
    examination = Examination(
        settings=loaded,
        clock=clock,
        limit_s=LIMIT_S,
        least_usd=lambda: responders.least_usd(loaded, now_ms=clock()),
    )
    async with kept.opened(state) as readers:
        await examination.run(state, readers, show)
        if reaction:
            show(await wait_for_reaction(readers, clock, ask=_ask, limit_s=REACTION_S))


def _ask() -> None:
    typer.echo(ASKED.format(seconds=REACTION_S), err=True)
