"""`polar experiments`: answers of another kind for some, and what people think of them. Safe while the bot runs."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from bot.cli import experiment_options as options
from bot.cli import rows, settings
from bot.cli.columns import Shown
from bot.cli.experiment_facts import described, told
from bot.cli.facts import AsJson, instant, minute, show_all, to_json
from bot.cli.progress import telling
from bot.clock import new_token
from bot.errors import CannotRun
from storage.beside import Beside
from storage.errors import ExpectationFailed
from storage.tables.experiments import Experiment, ExperimentDamaged, Experiments
from storage.views.experiments import SurveyedExperiment, judge, look_at, survey
from teaching.assignment import UNIT_KINDS
from teaching.findings import BECAUSE

app = typer.Typer(help="Experiments: answers of another kind for some, to see what is liked.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The experiment's name.", show_default=False)]
_COLUMNS = (
    Shown("name", "experiment"),
    Shown("status", "status"),
    Shown("started", "started (UTC)", minute, may_go=True),
    Shown("ended", "ended (UTC)", minute),
    Shown("because", "because", may_go=True),
    Shown("units", "units", is_number=True),
    Shown("rated", "rated", is_number=True),
)


@app.command()
def start(
    name: Name,
    variant: Annotated[list[str], typer.Option(metavar="VARIANT", help=f"Once for each: {options.FORM}.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="When it ends: 2026-12-24 (its beginning, UTC).")],
    unit: Annotated[str, typer.Option(metavar="|".join(UNIT_KINDS), help="What gets a variant as one.")] = "person",
    people: Annotated[int | None, typer.Option(min=2, help="End it when so many have rated an answer.")] = None,
    budget: Annotated[
        str | None, typer.Option(metavar="USD", help="End it when its answers have cost so much.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Begin an experiment: from now on each person gets one of the variants, always the same."""
    now_ms = rows.now_ms()
    experiment = Experiment(
        name=options.named(name),
        salt=new_token(),
        unit=options.unit(unit),
        variants=options.variants(variant),
        until_ms=options.until(until, now_ms=now_ms),
        people=people,
        budget_usd=options.amount(budget),
        started_at_ms=now_ms,
    )
    options.check_feasible(experiment.variants, settings.load(), now_ms=now_ms)
    with rows.database() as database:
        try:
            database.commit(*Experiments.start(experiment))
        except ExpectationFailed:
            _check_free(database, name, now_ms)
            raise
        surveyed = _require(database, name)
    if as_json:
        typer.echo(to_json(described(surveyed, None, now_ms)))
    else:
        typer.echo(f"{name}: runs until {instant(experiment.until_ms)}; polar experiments show {name} tells the rest")


@app.command("list")
def list_experiments(as_json: AsJson = False) -> None:
    """All experiments, the newest first."""
    now_ms = rows.now_ms()
    with rows.database() as database:
        found, damaged = database.ask(survey(database))
    facts = [described(surveyed, None, now_ms) for surveyed in found]
    for fact in facts:
        counts = fact["variants"]
        fact["units"], fact["rated"] = (sum(one[key] for one in counts) for key in ("units", "rated"))
    show_all(facts, _COLUMNS, as_json=as_json, none="no experiments")
    if damaged:
        raise ExperimentDamaged(damaged[0])


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """What has been counted so far; once it is over, the verdict."""
    now_ms = rows.now_ms()
    with rows.database() as database:
        surveyed, verdict = _require(database, name), None
        if (end := surveyed.experiment.at(now_ms)) is not None:
            with telling("reading what people have said"):
                verdict = database.ask(judge(database, surveyed, ended_at_ms=end[1]))
    if as_json:
        typer.echo(to_json(described(surveyed, verdict, now_ms)))
    else:
        typer.echo("\n".join(told(surveyed, verdict, now_ms)))


@app.command()
def stop(name: Name, as_json: AsJson = False) -> None:
    """End an experiment: everybody is answered as ever from the next answer on."""
    now_ms = rows.now_ms()
    with rows.database() as database:
        with suppress(ExperimentDamaged):  # all the more is it to be stopped
            end = _require(database, name).experiment.at(now_ms)
            if end is not None:
                raise CannotRun(f"{name} has ended already, at {instant(end[1])}: {BECAUSE[end[0]]}")
        database.commit(Experiments.end(name, "stopped", now_ms=now_ms))
        if as_json:
            typer.echo(to_json(described(_require(database, name), None, now_ms)))
        else:
            typer.echo(f"{name}: stopped; polar experiments show {name} tells the verdict")


def _check_free(database: Beside, name: str, now_ms: int) -> None:
    """Raises CannotRun where one runs or the name was used, and ExperimentDamaged where nobody can tell."""
    experiments = Experiments(database)
    running = database.ask(experiments.running())
    if running is not None and running.at(now_ms) is None:
        raise CannotRun(
            f"one experiment runs at a time; expected none, found {running.name}: "
            f"polar experiments stop {running.name} ends it"
        )
    if database.ask(experiments.find(name)) is not None:
        raise CannotRun(f"there was an experiment {name} already, whose name its answers bear; expected a new name")
    if damaged := database.ask(survey(database))[1]:
        raise ExperimentDamaged(damaged[0])


def _require(database: Beside, name: str) -> SurveyedExperiment:
    surveyed = database.ask(look_at(database, name))
    if surveyed is None:
        raise CannotRun(f"there is no experiment {name!r:.80}; polar experiments list shows them")
    return surveyed
