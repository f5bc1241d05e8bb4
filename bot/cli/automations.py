"""`polar automations`: the operator's view of all jobs. It writes rows; a running bot acts on them within seconds."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.automations import verbs
from bot.cli import rows, settings
from bot.cli.columns import Shown
from bot.cli.facts import AsJson, chat, instant, lines_of, minute, show_all, show_one, walk
from bot.errors import CannotRun
from bot.phrasing import describe, explain
from bot.schedules.errors import ScheduleError
from bot.schedules.spacing import TooOften
from bot.schedules.steps import limited
from bot.schedules.text import load
from storage import ids
from storage.beside import Beside
from storage.errors import ExpectationFailed
from storage.statement import Statement
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrence, Occurrences
from storage.views.job_survey import SurveyedJob, survey

app = typer.Typer(help="The operator's view of automations.", no_args_is_help=True)
MOST_FAILED = 100
JobId = Annotated[str, typer.Argument(help="The id of a job, as `polar automations list` shows it.")]


_JOBS = (
    Shown("id", "id"),
    Shown("state", "state", gives_way=True),
    Shown("schedule", "schedule", gives_way=True, keeps=32),
    Shown("next", "next (UTC)", minute),
    Shown("ownerUserId", "owner", may_go=True),
    Shown("sessionId", "chat", chat, may_go=True),
    Shown("lastRun", "last run", gives_way=True, may_go=True),
    Shown("prompt", "text", gives_way=True),
)
_FAILED = (
    Shown("run", "run"),
    Shown("at", "set aside (UTC)", minute),
    Shown("reason", "reason", gives_way=True),
)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """All jobs, the oldest first, with the next instant and the newest run of each."""
    with rows.database() as database:
        jobs = walk(lambda after: database.ask(survey(database, after=after)), 0)
        show_all(map(_fact, jobs), _JOBS, as_json=as_json, none="there are no automations")


@app.command()
def pause(job_id: JobId) -> None:
    """Pause a job; its owner cannot let it go on, you can, and in a group those who look after it."""
    with rows.database() as database:
        job = _find(database, job_id)
        if job.is_over:
            raise CannotRun(f"the schedule of {job.id} has ended")
        _commit(database, job, verbs.pause(job, "moderated", now_ms=rows.now_ms()))
    typer.echo(f"paused {job.id}")


@app.command()
def resume(job_id: JobId) -> None:
    """Go on with a job that was paused."""
    with rows.database() as database:
        job, least = _runnable(_find(database, job_id)), settings.load().least_interval
        try:
            _commit(database, job, limited(lambda: verbs.resume(job, now_ms=rows.now_ms(), least=least)))
        except verbs.ScheduleEnded as error:
            raise CannotRun(f"the schedule of {job.id} has ended") from error
        except TooOften as error:
            raise CannotRun(f"{job.id} stays paused: {explain(error)}") from error
        except ScheduleError as error:
            raise CannotRun(f"the schedule of {job.id} cannot be read: {explain(error)}") from error
    typer.echo(f"resumed {job.id}")


@app.command()
def delete(job_id: JobId) -> None:
    """Delete a job; its runs stay in the ledger."""
    with rows.database() as database:
        job = _find(database, job_id)
        _commit(database, job, verbs.delete(job))
    typer.echo(f"deleted {job.id}")


@app.command()
def run(job_id: JobId) -> None:
    """Have a job run once, now, beside its schedule; also one that is paused."""
    with rows.database() as database:
        job = _runnable(_find(database, job_id))
        now_ms = rows.now_ms()
        waiting = database.ask(Occurrences(database).find_by_hand("automation", job.id))
        database.commit(*verbs.run_now(job.id, now_ms=now_ms))
    asked = waiting or Occurrence.by_hand("automation", job.id, now_ms=now_ms)
    typer.echo(f"{asked.run_id} is due; a running bot starts it within seconds")


@app.command()
def failed(
    run_id: Annotated[str | None, typer.Argument(help="One of them, with where it failed.", metavar="RUN")] = None,
    as_json: AsJson = False,
) -> None:
    """The newest runs, and rows that are none, which were set aside, with the reason of each."""
    with rows.database() as database:
        failed = database.ask(Occurrences(database).list_set_aside(limit=MOST_FAILED))
    facts = [
        {
            "run": each.event_id,
            "reason": each.reason,
            "at": instant(each.at_ms),
            "traceback": lines_of(each.traceback),
        }
        for each in failed
    ]
    if run_id is None:
        show_all(facts, _FAILED, as_json=as_json, none="no run was set aside")
        return
    one = next((fact for fact in facts if fact["run"] == run_id), None)
    if one is None:
        raise CannotRun(f"no run {run_id!r} was set aside; polar automations failed shows them")
    show_one(one, as_json=as_json)


@app.command()
def retry(run_id: Annotated[str, typer.Argument(help="A run, as `polar automations failed` shows it.")]) -> None:
    """Have the job of a failed run run once more, as it is now; the new run has an id of its own."""
    with rows.database() as database:
        dead = database.ask(Occurrences(database).find_set_aside(run_id))
        if dead is None or dead.source != "automation":
            raise CannotRun(f"no automation's run {run_id!r} was set aside; polar automations failed shows them")
        job = _runnable(_find(database, dead.subject_id))
        now_ms = rows.now_ms()
        _commit(database, job, verbs.repeat(dead, now_ms=now_ms))
    repeated = ids.run_id("automation", job.id, now_ms, is_manual=True)
    typer.echo(f"{repeated} is due; a running bot starts it within seconds")


def _commit(database: Beside, job: Job, statements: tuple[Statement, ...]) -> None:
    try:
        database.commit(*statements)
    except ExpectationFailed:
        raise CannotRun(f"{job.id} was changed or deleted by somebody else just now; nothing was done") from None


def _find(database: Beside, job_id: str) -> Job:
    job = database.ask(Jobs(database).find(job_id))
    if job is None:
        raise CannotRun(f"there is no automation {job_id!r}; polar automations list shows them")
    return job


def _runnable(job: Job) -> Job:
    if job.needs_mail:
        raise CannotRun(f"{job.id} reads mail, which Polar cannot do, so it is held and does not run")
    return job


def _fact(entry: SurveyedJob) -> dict[str, object]:
    job = entry.job
    try:
        schedule = limited(lambda: describe(load(job.schedule)))
    except ScheduleError:
        schedule = f"unreadable: {job.schedule}"
    return {
        "id": job.id,
        "state": _state(job),
        "enabled": job.enabled,
        "pausedBecause": job.paused_because,
        "ownerUserId": job.owner_user_id,
        "sessionId": job.session_id,
        "schedule": schedule,
        "stored": job.schedule,
        "prompt": job.prompt,
        "next": instant(entry.next_ms),
        "last": entry.last,
        "undelivered": entry.unheard,
        "lastRun": ", undelivered: ".join(part for part in (entry.last, entry.unheard) if part is not None),
    }


def _state(job: Job) -> str:
    if job.enabled:
        return "on"
    if job.is_over:
        return "over"
    return "paused" if job.paused_because is None else f"paused: {job.paused_because}"
