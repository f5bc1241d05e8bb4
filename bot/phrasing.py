"""Schedules in words: what one means, and what is wrong with one that cannot be read."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from cronsim import CronSim

from bot.schedules.cron import Cron
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import WORKDAYS, Daily, Interval, Monthly, Once, Schedule, Weekly
from bot.schedules.rules import CalendarRule, ElapsedRule
from bot.schedules.spacing import TooOften
from bot.schedules.steps import TooManySteps
from middleware.texts import say, say_span

SHOWN = 30
"""Characters of the word that could not be read."""


def describe(schedule: Schedule) -> str:
    """A schedule in words, like "daily at 18:00 (Europe/Berlin)"."""
    match schedule:
        case Interval(count=count, unit=unit):
            return say(f"schedule.every.{unit.name}.{'one' if count == 1 else 'many'}", count=count)
        case Daily(at=at, zone=zone):
            return say("schedule.daily", at=_clock(at), zone=zone.key)
        case Weekly():
            return _weekly(schedule)
        case Monthly(day=day, at=at, zone=zone) if day < 0:
            return say("schedule.monthly_last", at=_clock(at), zone=zone.key)
        case Monthly(day=day, at=at, zone=zone):
            return say("schedule.monthly", day=day, at=_clock(at), zone=zone.key)
        case Once(local=local, zone=zone):
            return say("schedule.once", date=local.date(), at=_clock(local.time()), zone=zone.key)
        case CalendarRule(text=rule, zone=zone) | ElapsedRule(text=rule, zone=zone):
            return say("schedule.rule", rule=rule, zone=zone.key)
        case Cron():
            return _cron(schedule)
    raise TypeError(f"there are no words for {schedule!r}")


def explain(error: Exception) -> str:
    """Where reading a schedule failed, what is expected there, and a valid example; other errors say it themselves."""
    if not isinstance(error, ScheduleError):
        return str(error)
    if isinstance(error, TooManySteps):
        return say("schedule.too_many_steps", example=error.example)
    if isinstance(error, TooOften):
        return say("schedule.too_often", least=span(error.least), example=error.example)
    word = next(iter(error.text[error.position :].split()), "")
    shown = word if len(word) <= SHOWN else f"{word[: SHOWN - 1]}…"
    at_word = say("schedule.at_word", position=error.position + 1, word=shown)
    where = at_word if word else say("schedule.at_end")
    return say("schedule.wrong", where=where, expected=expected(error), example=error.example)


def expected(error: ScheduleError) -> str:
    """The words that belong where reading failed."""
    return say(f"schedule.expected.{error.expected}", **error.values)


def span(time_between: timedelta) -> str:
    """A length of time in words."""
    return say_span(round(time_between.total_seconds()))


def _weekly(schedule: Weekly) -> str:
    """Like "weekly on Mon and Thu at 07:00 (Europe/Berlin)"."""
    at, zone = _clock(schedule.at), schedule.zone.key
    if schedule.days == WORKDAYS:
        return say("schedule.weekdays", at=at, zone=zone)
    *others, last = (say(f"weekday.{day}") for day in sorted(schedule.days))
    days = say("schedule.and", others=", ".join(others), last=last) if others else last
    return say("schedule.weekly", days=days, at=at, zone=zone)


def _cron(schedule: Cron) -> str:
    """Like "at 09:00 on Monday through Friday (Europe/Berlin)"; in English, as the library has no other words."""
    explained = CronSim(schedule.expression, datetime(2000, 1, 1)).explain()
    return f"{explained[0].lower()}{explained[1:]} ({schedule.zone.key})"


def _clock(at: time) -> str:
    return at.isoformat("seconds" if at.second else "minutes")
