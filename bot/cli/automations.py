"""`polar automations`: the operator's view of all jobs. It writes rows; a running bot acts on them within seconds."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot import settings
from bot.automations.subject import next_occurrence
from bot.cli.rows import commit, writable
from bot.clock import system_clock
from bot.phrasing import describe, explain
from bot.run import CannotRun
from bot.schedules import ScheduleError, load
from storage.ids import sql_next_id
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrence, Occurrences

app = typer.Typer(help="The operator's view of automations.", no_args_is_help=True)
JobId = Annotated[str, typer.Argument(help="The id of a job, as `polar automations list` shows it.")]


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """All jobs, with the next instant of each."""
    with writable() as connection:
        rows = connection.execute(
            f"SELECT {Jobs.COLUMNS}, (SELECT sequence FROM polar_scheduler_events "
            f"WHERE eventId = {sql_next_id('automation', 'job.id')} AND queue = 'scheduled') AS dueMs "
            "FROM polar_automation_jobs AS job ORDER BY createdAtMs, id"
        ).fetchall()
    facts = [_fact(Job.from_row(row), row["dueMs"]) for row in rows]
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    table = Table("id", "enabled", "owner", "session", "schedule", "next (UTC)")
    for fact in facts:
        enabled = "yes" if fact["enabled"] else "no"
        shown = (fact["id"], enabled, fact["ownerUserId"], fact["sessionId"], fact["schedule"], fact["next"])
        table.add_row(*(escape(str(value or "")) for value in shown))
    Console().print(table)


@app.command()
def pause(job_id: JobId) -> None:
    """Pause a job."""
    with writable() as connection:
        job = _find(connection, job_id)
        now_ms = system_clock()()
        commit(connection, Jobs.set_enabled(job.id, False, now_ms=now_ms), Occurrences.cancel("automation", job.id))
    typer.echo(f"paused {job.id}")


@app.command()
def resume(job_id: JobId) -> None:
    """Go on with a job that was paused."""
    with writable() as connection:
        job = _find(connection, job_id)
        now_ms = system_clock()()
        try:
            occurrence = next_occurrence(job, after_ms=now_ms)
        except ScheduleError as error:
            raise CannotRun(f"the schedule of {job.id} cannot be read: {explain(error)}") from error
        if occurrence is None:
            raise CannotRun(f"the schedule of {job.id} has ended")
        commit(
            connection,
            Jobs.set_enabled(job.id, True, now_ms=now_ms),
            Occurrences.plan(occurrence, now_ms=now_ms),
        )
    typer.echo(f"resumed {job.id}")


@app.command()
def delete(job_id: JobId) -> None:
    """Delete a job; its runs stay in the ledger."""
    with writable() as connection:
        job = _find(connection, job_id)
        commit(connection, Jobs.remove(job.id), Occurrences.cancel("automation", job.id))
    typer.echo(f"deleted {job.id}")


@app.command()
def run(job_id: JobId) -> None:
    """Have a job run once, now, beside its schedule; also one that is paused."""
    with writable() as connection:
        job = _find(connection, job_id)
        now_ms = system_clock(settings.load().clock_offset_seconds)()
        occurrence = Occurrence(
            source="automation", subject_id=job.id, at_ms=now_ms, due_ms=now_ms, trigger="manual", is_extra=True
        )
        commit(connection, Occurrences.plan(occurrence, now_ms=now_ms))
    typer.echo(f"{occurrence.run_id} is due; a running bot starts it within seconds")


def _find(connection: sqlite3.Connection, job_id: str) -> Job:
    row = connection.execute(f"SELECT {Jobs.COLUMNS} FROM polar_automation_jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise CannotRun(f"there is no automation {job_id!r}; polar automations list shows them")
    return Job.from_row(row)


def _fact(job: Job, due_ms: int | None) -> dict[str, object]:
    try:
        schedule = describe(load(job.schedule))
    except ScheduleError:
        schedule = f"unreadable: {job.schedule}"
    return {
        "id": job.id,
        "enabled": job.enabled,
        "ownerUserId": job.owner_user_id,
        "sessionId": job.session_id,
        "schedule": schedule,
        "stored": job.schedule,
        "prompt": job.prompt,
        "next": None if due_ms is None else f"{datetime.fromtimestamp(due_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
