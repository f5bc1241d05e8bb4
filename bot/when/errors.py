"""What somebody means by a schedule, and the errors of one that means several, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from bot.schedules.errors import ScheduleError
from bot.schedules.kinds import Schedule
from bot.when.results import NotUnderstood, Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A schedule, and `written`, a text that says it; see `Understood` for the others."""

    schedule: Schedule
    written: str
    thing: str = ""
    assumed: tuple[time, ...] = ()


class NotClear(ScheduleError):
    """This may be several times; `choices` are what it may be, the nearest first."""

    def __init__(self, text: str, choices: Sequence[Meant]) -> None:
        super().__init__(text, 0, "one_meaning", choices[0].written)
        self.choices = tuple(choices)


class NoTime(ScheduleError):
    """This is no time that can be kept, and `why` says why not; `known` and `thing` are those of `NotUnderstood`."""

    def __init__(self, text: str, told: NotUnderstood) -> None:
        super().__init__(text, told.position, told.why, "tomorrow at 18:00")
        self.why: Why = told.why
        self.known = told.known
        self.thing = told.thing
