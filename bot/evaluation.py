"""Where the bot evaluates schedules: off the event loop, one after another, each within a limit of steps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from bot.schedules.steps import MOST, MOST_NEW, limited

P = ParamSpec("P")
T = TypeVar("T")
# A thread of its own: those of asyncio resolve names, which must not wait for anybody's rule.
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="schedules")


async def evaluate(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The result of a pure function of schedules; raises what it raises, and TooManySteps, a ScheduleError."""
    return await _within(MOST, partial(work, *args, **kwargs))


async def evaluate_new(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same of a schedule that somebody wants to have, within fewer steps: what is taken can always be evaluated."""
    return await _within(MOST_NEW, partial(work, *args, **kwargs))


async def _within(most: int, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(_THREAD, partial(limited, call, most=most))
