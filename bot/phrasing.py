"""Schedules in words: what one means, and what is wrong with one that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta

from cronsim import CronSim

from bot.schedules import wallclock
from bot.schedules.cron import Cron
from bot.schedules.days import RuleDays
from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import WORKDAYS, Daily, Interval, Monthly, Once, Schedule, Weekly
from bot.schedules.rules import CalendarRule, ElapsedRule
from bot.schedules.spacing import TooOften
from bot.schedules.steps import TooManySteps
from bot.when.errors import Meant, NotClear, NoTime
from middleware.texts import say, say_span

SHOWN = 30
"""Characters of the word that could not be read."""
_MOST_TIMES = 6
_MOST_NAMED = 5
_RULE_UNITS = {
    "MINUTELY": "minute",
    "HOURLY": "hour",
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
}


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
            weekday = say(f"weekday.{local.weekday()}")
            return say("schedule.once", day=weekday, date=local.date(), at=_clock(local.time()), zone=zone.key)
        case CalendarRule() | ElapsedRule():
            return _rule(schedule)
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
    if isinstance(error, NotClear):
        return say("schedule.not_clear", choices=_either([f"“{_written(each)}”" for each in error.choices]))
    if isinstance(error, NoTime):
        return say(f"schedule.no_time.{error.why}", word=_word(error))
    word = _word(error)
    at_word = say("schedule.at_word", position=error.position + 1, word=word)
    where = at_word if word else say("schedule.at_end")
    return say("schedule.wrong", where=where, expected=expected(error), example=error.example)


def _word(error: ScheduleError) -> str:
    """The word at which reading failed, not all of a long one."""
    word = next(iter(error.text[error.position :].split()), "")
    return word if len(word) <= SHOWN else f"{word[: SHOWN - 1]}…"


def _written(choice: Meant) -> str:
    """What somebody may write to say that; a rule is no such thing."""
    return describe(choice.schedule) if "\n" in choice.written else choice.written


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
    return say(
        "schedule.weekly", days=listed([say(f"weekday.{day}") for day in sorted(schedule.days)]), at=at, zone=zone
    )


def _rule(rule: CalendarRule | ElapsedRule) -> str:
    """Like "every 2 weeks on Fri at 09:00, until 2026-12-24 (Europe/Berlin)": each part of the rule in words."""
    parts = dict(part.split("=", 1) for part in rule.text.split(";"))
    count, unit = int(parts.get("INTERVAL", "1")), _RULE_UNITS[parts["FREQ"]]
    told = [say(f"schedule.rule.{unit}.{'one' if count == 1 else 'many'}", count=count)]
    days = rule.days if isinstance(rule, CalendarRule) else rule.grid.days
    told += _days(days) if isinstance(days, RuleDays) else []
    told += _times(rule, parts)
    if "BYSETPOS" in parts:
        told.append(
            say("schedule.rule.positions", which=listed([_nth(int(each)) for each in parts["BYSETPOS"].split(",")]))
        )
    if rule.count is not None:
        told.append(say(f"schedule.rule.count.{'one' if rule.count == 1 else 'many'}", count=rule.count))
    if rule.until is not None:
        shown = wallclock.shown(rule.until, rule.zone)
        told.append(
            say("schedule.rule.until", at=f"{shown:%Y-%m-%d %H:%M}" if shown.time() < time(23, 59) else shown.date())
        )
    return say("schedule.rule.whole", rule=" ".join(told).replace(" ,", ","), zone=rule.zone.key)


def _days(days: RuleDays) -> Iterator[str]:
    if days.weekdays:
        yield say("schedule.rule.weekdays", days=listed([_weekday(day, nth) for day, nth in days.weekdays]))
    if days.month_days:
        yield say("schedule.rule.month_days", days=listed([_day(day) for day in days.month_days]))
    if days.months:
        yield say("schedule.rule.months", months=listed([say(f"month.{month}") for month in days.months]))
    if days.year_days:
        yield say("schedule.rule.year_days", days=listed([_day(day) for day in days.year_days]))
    if days.weeks:
        yield say("schedule.rule.weeks", weeks=listed([_number(week) for week in days.weeks]))


def _times(rule: CalendarRule | ElapsedRule, parts: Mapping[str, str]) -> Iterator[str]:
    if isinstance(rule, CalendarRule):
        shown = [_clock(at) for at in rule.times]
        more = [say("schedule.rule.more", count=len(shown) - _MOST_TIMES)] if len(shown) > _MOST_TIMES else []
        yield say("schedule.rule.times", times=listed([*shown[:_MOST_TIMES], *more]))
        return
    if "BYHOUR" in parts:
        yield say("schedule.rule.hours", hours=listed(parts["BYHOUR"].split(",")))
    if "BYMINUTE" in parts:
        yield say("schedule.rule.minutes", minutes=listed(parts["BYMINUTE"].split(",")))


def _weekday(day: int, nth: int) -> str:
    named = say(f"weekday.{day}")
    return say("schedule.rule.nth_weekday", nth=_nth(nth), day=named) if nth else named


def _nth(number: int) -> str:
    """First, last, and whatever lies between."""
    word = "last" if number == -1 else "of_end" if number < 0 else number if number <= _MOST_NAMED else "of_begin"
    return say(f"schedule.nth.{word}", number=abs(number))


def _day(number: int) -> str:
    """A day by its number, or from the end."""
    return (
        say("schedule.rule.day_of_end", nth=_nth(number))
        if number < 0
        else say("schedule.rule.day_of_begin", number=number)
    )


def _number(number: int) -> str:
    """A number as it is; from the end in words."""
    return str(number) if number > 0 else _nth(number)


def listed(words: Sequence[str]) -> str:
    """One, or several with commas and “and” between them."""
    *others, last = words
    return say("schedule.and", others=", ".join(others), last=last) if others else last


def _either(words: Sequence[str]) -> str:
    *others, last = words
    return say("schedule.or", others=", ".join(others), last=last) if others else last


def _cron(schedule: Cron) -> str:
    """Like "at 09:00 on Monday through Friday (Europe/Berlin)"; in English, as the library has no other words."""
    explained = CronSim(schedule.expression, datetime(2000, 1, 1)).explain()
    return f"{explained[0].lower()}{explained[1:]} ({schedule.zone.key})"


def _clock(at: time) -> str:
    return at.isoformat("seconds" if at.second else "minutes")
