"""The limit on what one evaluation of schedules may cost: whatever walks through time counts its steps here."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TypeVar

from bot.schedules.errors import ScheduleError

T = TypeVar("T")
MOST = 50_000
"""Steps of one evaluation: some tenths of a second, of which a rule that people mean takes a few thousandths."""
MOST_NEW = 20_000
"""Steps of reading a schedule that is to be taken: whatever is asked of it later then stays within MOST.

Its COUNT takes the same each time that it is not remembered, and finding one instant at most ten thousand.
"""
YEAR = 20
"""Steps that finding a rule's dates of one year counts as."""
CHARACTERS = 10
"""The characters of a text that are read in a step."""

_left: ContextVar[list[int] | None] = ContextVar("steps_left", default=None)


class TooManySteps(ScheduleError):
    """Working this schedule out takes too long."""

    def __init__(self) -> None:
        super().__init__("", 0, "fewer_steps")


def limited(work: Callable[[], T], *, most: int = MOST) -> T:
    """The result of an evaluation; raises TooManySteps where it takes more than so many steps."""
    token = _left.set([most])
    try:
        return work()
    finally:
        _left.reset(token)


def count(steps: int = 1) -> None:
    """So many steps were taken, by an evaluation that may be limited."""
    left = _left.get()
    if left is None:
        return
    left[0] -= steps
    if left[0] < 0:
        raise TooManySteps
