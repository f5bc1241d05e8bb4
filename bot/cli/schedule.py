"""`polar schedule`: what a schedule text means."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from bot.automations.texts import described
from bot.cli import settings
from bot.clock import system_clock
from bot.phrasing import explain
from bot.schedules import wallclock
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Schedule, upcoming
from bot.schedules.steps import MOST_NEW, limited
from bot.when.errors import Meant
from bot.when.meant import mean

INSTANT = "2026-10-24T00:00:00Z"


def schedule(
    text: Annotated[str, typer.Argument(help="The schedule, as /automations create takes it: in words, too.")],
    timezone: Annotated[str | None, typer.Option(help="Its zone, else POLAR_DEFAULT_TIMEZONE.")] = None,
    after: Annotated[str | None, typer.Option(help=f"The instant to start at, like {INSTANT}, else now.")] = None,
    count: Annotated[int, typer.Option(min=1, max=1000, help="How many instants to show.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a schedule text means, and its next instants."""
    zone = settings.load().zone if timezone is None else _zone(timezone)
    start = datetime.fromtimestamp(system_clock()() / 1000, UTC) if after is None else _instant(after)
    try:
        meant = limited(lambda: mean(text, zone=zone, now=start, due=False), most=MOST_NEW)
        due = limited(lambda: upcoming(meant.schedule, start, count))
    except ScheduleError as error:
        raise _failure(explain(error)) from None
    typer.echo(_json(meant.schedule, due) if as_json else _told(meant, due, zone))


def _json(schedule: Schedule, due: list[datetime]) -> str:
    return json.dumps({"stored": schedule.stored(), "next": [_written(moment) for moment in due]})


def _told(meant: Meant, due: list[datetime], zone: ZoneInfo) -> str:
    shown = [f"  {moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S %z}  {_written(moment)}" for moment in due]
    return "\n".join([described(meant, zone), *(shown or ["  never"])])


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _zone(name: str) -> ZoneInfo:
    try:
        return wallclock.zone(name)
    except KeyError:
        raise _failure(f"--timezone: expected an IANA time zone like Europe/Berlin (found {name!r:.80})") from None


def _instant(written: str) -> datetime:
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(written)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise _failure(f"--after: expected an instant like {INSTANT} (found {written!r:.80})")


def _failure(message: str) -> typer.Exit:
    typer.echo(f"polar: {message}", err=True)
    return typer.Exit(1)
