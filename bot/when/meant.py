"""A schedule as somebody writes it: in one of the strict forms, else in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.schedules.errors import ScheduleError
from bot.schedules.text import parse, read_due
from bot.when.errors import Meant, NotClear, NoTime
from bot.when.results import WHOLE, Ask, NotUnderstood, Understood
from bot.when.understanding import understand

_BEYOND = frozenset({"form", "number", "nothing"})
"""What the strict forms expect where words may well say it otherwise."""


def mean(text: str, *, zone: ZoneInfo, now: datetime, least: timedelta | None = None, due: bool = True) -> Meant:
    """The schedule that a text means, from `now` (aware UTC) on; raises NotClear, NoTime and other ScheduleErrors.

    One that is to be `due` comes, and no more often than `least` says.
    """
    try:
        schedule = read_due(text, zone=zone, now=now, least=least) if due else parse(text, zone=zone, now=now)
        return Meant(schedule=schedule, written=text)
    except ScheduleError as error:
        if type(error) is not ScheduleError:
            raise
        strict = error
    told = understand(text, now=now, zone=zone)
    if isinstance(told, NotUnderstood):
        raise _nearer(strict, NoTime(text, told))
    if _choices(told)[0].thing:
        raise NoTime(text, NotUnderstood("words"))
    return _one(text, told, zone, now, least)


def remind(text: str, *, zone: ZoneInfo, now: datetime, least: timedelta | None = None) -> Meant:
    """What somebody means who writes “remind me …”; raises what `mean` raises."""
    told = understand(text, now=now, zone=zone)
    if isinstance(told, NotUnderstood):
        raise NoTime(text, told)
    return _one(text, told, zone, now, least)


def _nearer(strict: ScheduleError, words: NoTime) -> ScheduleError:
    """The error that says more: of a strict form, unless the words went on where it did not."""
    if words.why in WHOLE:
        return words
    is_of_words = words.why != "words" or words.position > strict.position
    return words if strict.expected in _BEYOND and is_of_words else strict


def _choices(told: Understood | Ask) -> tuple[Understood, ...]:
    return told.choices if isinstance(told, Ask) else (told,)


def _one(text: str, told: Understood | Ask, zone: ZoneInfo, now: datetime, least: timedelta | None) -> Meant:
    if isinstance(told, Understood):
        return _read(told, zone, now, least)
    possible = [*_possible(told, zone, now, least)]
    raise NotClear(text, possible or [_read(told.choices[0], zone, now, least)])


def _possible(told: Ask, zone: ZoneInfo, now: datetime, least: timedelta | None) -> Iterator[Meant]:
    for choice in told.choices:
        with suppress(ScheduleError):
            yield _read(choice, zone, now, least)


def _read(told: Understood, zone: ZoneInfo, now: datetime, least: timedelta | None) -> Meant:
    schedule = read_due(told.schedule, zone=zone, now=now, least=least)
    return Meant(schedule=schedule, written=told.schedule, thing=told.thing, assumed=told.assumed)
