"""The answers once something was done to a job, with the buttons for what may be done next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from bot.automations import texts
from bot.automations.buttons import delete_row, job_row
from bot.evaluation import evaluate
from middleware.texts import say, shorten
from middleware.turn import Outcome
from storage.tables.jobs import Job


async def described(
    job: Job, key: str, zone: ZoneInfo, now_ms: int, least: timedelta | None, assumed: Sequence[time] = ()
) -> Outcome:
    """A job to which something has been done, by a text that has room for what it is now, and when it runs next.

    A time of day that nobody said is named.
    """
    line = (await evaluate(texts.line, job, zone)).partition(" ")[2]
    times = await evaluate(texts.times_below, job, now_ms, zone, least)
    return Outcome.answer(texts.lines(say(key, line=line), times, texts.assumed(assumed)), buttons=job_row(job))


async def created(
    job: Job, zone: ZoneInfo, now_ms: int, least: timedelta | None, assumed: Sequence[time] = ()
) -> Outcome:
    """A new job."""
    return await described(job, "automation.created", zone, now_ms, least, assumed)


def paused(job: Job) -> Outcome:
    """A job that is paused."""
    return Outcome.answer(say("automation.paused", id=job.id), buttons=job_row(job))


async def resumed(job: Job, zone: ZoneInfo, now_ms: int, least: timedelta | None) -> Outcome:
    """A job that goes on."""
    times = await evaluate(texts.times, job, now_ms, zone, least)
    text = say("automation.resumed", id=job.id, times=times)
    return Outcome.answer(text, buttons=job_row(job))


def ask_to_delete(job: Job) -> Outcome:
    """The question whether a job is really to be deleted."""
    text = say("automation.sure", id=job.id, prompt=shorten(job.prompt, 200))
    return Outcome.answer(text, buttons=delete_row(job.id))
