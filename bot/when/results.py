"""What comes of reading a time in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from typing import Literal

Why = Literal[
    "words",
    "past",
    "no_such_day",
    "no_such_time",
    "no_time",
    "no_thing",
    "two_times",
    "two_minutes",
    "which_days",
    "which_hours",
    "exception",
    "end",
]
"""A word that is not known; a time that has passed; a day or a time that there is not; no time; nothing to do.

Then what is understood and cannot be kept: several times of what comes once, or not at the same minute of the hour;
days that are not named; hours that it shall keep to; an exception, or an end, of a kind that there is not.
"""

WHOLE: frozenset[Why] = frozenset({"two_times", "two_minutes", "which_days", "which_hours", "exception", "end"})
"""Those of what is understood: what else the text may be would only be a part of it."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A time with one meaning: `schedule` is a text that bot.schedules reads, `thing` what is to be done then.

    `assumed` are the times of day where none was said.
    """

    schedule: str
    thing: str = ""
    assumed: tuple[time, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """A time with several meanings, or that is told only in part: what it may be, the nearest first."""

    choices: tuple[Understood, ...]

    @property
    def thing(self) -> str:
        """What is to be done, whichever is meant."""
        return self.choices[0].thing


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """No time that can be kept, and why; `position` is where in the text what is not understood begins."""

    why: Why
    position: int = 0
    known: bool = field(default=False, kw_only=True)
    """True if there are words of a time all the same, or of something that is to be done."""
    thing: str = field(default="", kw_only=True)
    """What is to be done, where a sentence says that and only the time is missing."""
