"""RRULE text as calendars write it (RFC 5545, section 3.8.5.3), as a schedule.

What a rule leaves open is as in its beginning (section 3.3.10).
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from bot.schedules import wallclock
from bot.schedules.days import RuleDays
from bot.schedules.errors import ScheduleError
from bot.schedules.grid import Grid
from bot.schedules.kinds import UNITS, UTC_ZONE, Daily, Interval, Monthly, Once, Schedule, Weekly
from bot.schedules.parts import DAYS, MAX_COUNT, ORDER, SPANS, Parts, stamped
from bot.schedules.rules import CalendarRule, ElapsedRule

_LINE = re.compile(r"\S+")
_START = re.compile(
    r"DTSTART(?:;VALUE=DATE(?:-TIME)?|;TZID=(?P<zone>[^:;]+))*:(?P<stamp>[0-9]{8}(?:T[0-9]{6})?)(?P<utc>Z?)",
    re.IGNORECASE | re.ASCII,
)
_PART = re.compile(r"[^;]+")
_EXAMPLE = "DTSTART;TZID=Europe/Berlin:20261122T180000\\nRRULE:FREQ=DAILY"
_UNITS = {unit.frequency: unit for unit in UNITS}


def read(text: str, zone: ZoneInfo, now: datetime) -> Schedule:
    """Read a rule with or without a beginning and a zone; raises ScheduleError.

    A beginning without a zone is one in `zone`; without any the rule begins `now` (aware UTC, whole seconds). A rule
    that never comes due is an error, one that has ended is none.
    """
    schedule = _Text(text).schedule(zone, now)
    if schedule.next(wallclock.FIRST) is None:
        raise ScheduleError(text, 0, "rule_due", _EXAMPLE)
    return schedule


def load(text: str) -> Schedule:
    """Read a rule with its beginning and zone; raises ScheduleError."""
    return _Text(text).schedule(None, None)


class _Text:
    """The lines of a rule, and where each part stands in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._start: re.Match[str] | None = None
        self._rule: tuple[str, int] | None = None
        self._places: dict[str, int] = {}
        # Blanks between the lines do as well, and so does the \\n that an error shows.
        for line in _LINE.finditer(text.replace(r"\n", "  ")):
            self._take(line[0], line.start())

    def schedule(self, zone: ZoneInfo | None, now: datetime | None) -> Schedule:
        parts = Parts(dict(self._parts()), self._problem)
        head = self._start
        if head is not None and (head["zone"] or head["utc"]):
            zone = self._zone(head)
        if zone is None or (head is None and now is None):
            raise self._error(0, "start_and_rule")
        if head is not None:
            return self._kind(parts, self._local(head), zone)
        assert now is not None
        local = wallclock.shown(now, zone)
        # Nine o'clock is meant, not some seconds past nine.
        full = local.replace(second=0) if {"BYHOUR", "BYMINUTE"} & parts.values.keys() else local
        return self._kind(parts, self._counted_from(parts, full, zone, now), zone)

    def _counted_from(self, parts: Parts, start: datetime, zone: ZoneInfo, now: datetime) -> datetime:
        """The beginning of a rule that begins now: a COUNT counts what comes, of which now is none."""
        if "COUNT" not in parts.values:
            return start
        endless = {name: value for name, value in parts.values.items() if name != "COUNT"}
        schedule = self._kind(Parts(endless, self._problem), start, zone)
        first, coming = schedule.next(wallclock.FIRST), schedule.next(now)
        return start if first == coming or coming is None else wallclock.shown(coming, zone)

    def _take(self, line: str, position: int) -> None:
        # Beyond ASCII, upper case may be of another length, and every position would be off.
        name = re.split("[:;=]", line.upper(), maxsplit=1)[0] if line.isascii() else ""
        if name == "DTSTART" and self._start is None:
            self._start = _START.fullmatch(self.text, position, position + len(line))
            if self._start is None or (self._start["zone"] and self._start["utc"]):
                raise self._error(position, "start")
        elif name in ("RRULE", *ORDER) and self._rule is None:
            skipped = len("RRULE:") if name == "RRULE" else 0
            self._rule = (line.upper()[skipped:], position + skipped)
        elif name in ("EXDATE", "RDATE", "EXRULE"):
            raise self._error(position, "one_rule", name=name)
        else:
            raise self._error(position, "one_start")

    def _parts(self) -> Iterator[tuple[str, str]]:
        if self._rule is None:
            raise self._error(len(self.text) if self._start else 0, "rule")
        rule, position = self._rule
        self._places[""] = position
        for part in _PART.finditer(rule):
            name, _, value = part[0].partition("=")
            if name not in ORDER or name in self._places:
                raise self._error(position + part.start(), "parts", names=", ".join(ORDER))
            self._places[name] = position + part.start()
            yield name, value

    def _kind(self, parts: Parts, local: datetime, zone: ZoneInfo) -> Schedule:
        """Return the human form that a rule stands for, else the rule."""
        if not wallclock.FIRST_DAY <= local.date() <= wallclock.LAST_DAY:
            raise self._error(0, "end_of_time")
        at, start = local.time(), local.date()
        match parts.values:
            case {"FREQ": "DAILY", **rest} if not rest:
                return Daily(start=start, at=at, zone=zone)
            case {"FREQ": "DAILY", "COUNT": "1", **rest} if not rest:
                return Once(local=local, zone=zone)
            case {"FREQ": "WEEKLY", "BYDAY": days, **rest} if not rest and set(days.split(",")) <= DAYS.keys():
                return Weekly(start=start, days=frozenset(DAYS[day] for day in days.split(",")), at=at, zone=zone)
            case {"FREQ": "MONTHLY", "BYMONTHDAY": day, **rest} if not rest and re.fullmatch(r"-1|[1-9][0-9]?", day):
                return Monthly(start=start, day=parts.numbers("BYMONTHDAY")[0], at=at, zone=zone)
            case {"FREQ": frequency, "INTERVAL": _, **rest} if not rest and zone is UTC_ZONE and frequency in _UNITS:
                return Interval(start=local.replace(tzinfo=UTC), count=parts.interval(), unit=_UNITS[frequency])
        return _elapsed(parts, local, zone) if parts.is_elapsed else _calendar(parts, local, zone)

    def _local(self, head: re.Match[str]) -> datetime:
        local = stamped(head["stamp"])
        if local is None:
            raise self._error(head.start("stamp"), "stamp", form="20261122T180000")
        return local

    def _zone(self, head: re.Match[str]) -> ZoneInfo:
        try:
            return wallclock.zone(head["zone"]) if head["zone"] else UTC_ZONE
        except KeyError:
            raise self._error(head.start("zone"), "zone") from None

    def _problem(self, part: str, expected: str, **values: object) -> ScheduleError:
        return self._error(self._places.get(part, self._places[""]), expected, **values)

    def _error(self, position: int, expected: str, **values: object) -> ScheduleError:
        return ScheduleError(self.text, position, expected, _EXAMPLE, **values)


def _calendar(parts: Parts, start: datetime, zone: ZoneInfo) -> CalendarRule:
    """Return a rule of days, weeks, months or years."""
    hours = parts.numbers("BYHOUR") or (start.hour,)
    minutes = parts.numbers("BYMINUTE") or (start.minute,)
    second = (*parts.numbers("BYSECOND"), start.second)[0]
    return CalendarRule(
        text=parts.text,
        start=start,
        zone=zone,
        days=_days(parts, start),
        times=tuple(time(hour, minute, second) for hour, minute in product(hours, minutes)),
        positions=parts.numbers("BYSETPOS"),
        count=parts.number("COUNT", MAX_COUNT),
        until=parts.until(zone),
    )


def _elapsed(parts: Parts, start: datetime, zone: ZoneInfo) -> ElapsedRule:
    """Return a rule of minutes or hours."""
    hours, minutes = parts.numbers("BYHOUR"), parts.numbers("BYMINUTE")
    within = minutes if parts.frequency == "HOURLY" else ()
    second = (*parts.numbers("BYSECOND"), start.second)[0]
    back = timedelta(minutes=start.minute if within else 0, seconds=start.second - second)
    times = product(hours or range(24), minutes or range(60)) if hours or minutes else ()
    grid = Grid(
        base=wallclock.instant(start, zone) - back,
        step=parts.interval() * SPANS[parts.frequency],
        zone=zone,
        days=_days(parts, start) if _limits_days(parts) else None,
        times=tuple(time(hour, minute) for hour, minute in times),
        minutes=within,
    )
    count, until = parts.number("COUNT", MAX_COUNT), parts.until(zone)
    return ElapsedRule(text=parts.text, start=start, zone=zone, grid=grid, count=count, until=until)


def _limits_days(parts: Parts) -> bool:
    return not {"BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"}.isdisjoint(parts.values)


def _days(parts: Parts, start: datetime) -> RuleDays:
    months, month_days, weekdays = parts.numbers("BYMONTH"), parts.numbers("BYMONTHDAY"), parts.weekdays()
    if not {"BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY"} & parts.values.keys():
        if parts.frequency == "YEARLY":
            months = months or (start.month,)
        if parts.frequency in ("YEARLY", "MONTHLY"):
            month_days = (start.day,)
        if parts.frequency == "WEEKLY":
            weekdays = ((start.weekday(), 0),)
    return RuleDays(
        frequency="DAILY" if parts.is_elapsed else parts.frequency,
        interval=1 if parts.is_elapsed else parts.interval(),
        start=start.date(),
        week_start=parts.week_start(),
        months=months,
        month_days=month_days,
        year_days=parts.numbers("BYYEARDAY"),
        weeks=parts.numbers("BYWEEKNO"),
        weekdays=weekdays,
    )
