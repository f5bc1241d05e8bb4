"""What is still open where a life never came to rest: the rows, and what the bot was at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import CoroutineType, FrameType
from typing import Any

from storage.indexed import field
from tests.house import CHECKOUT, House

OPEN = (
    "SELECT (SELECT count(*) FROM polar_updates WHERE status = 'pending') + "
    "(SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending'))"
)
SHOWN = 20
"""Rows of each kind, the oldest ones."""
_UPDATES = f"""
SELECT 'update ' || updateId || ', ' || kind || ', sequence ' || sequence || ' of lane ' || lane || ', is ' || status
  || ' after ' || attempts || ' attempts: ' || coalesce(reason, 'no reason')
FROM polar_updates WHERE status = 'pending' ORDER BY sequence LIMIT {SHOWN}
"""
_DELIVERIES = f"""
SELECT 'delivery ' || deliveryId || ', ' || coalesce({field("payload", "method")}, 'no call') || ' to ' || sessionId
  || ', is ' || status || ' after ' || attempts || ' attempts, ' || ambiguous || ' unclear, '
  || failures || ' failed: ' || coalesce(reason, 'no reason')
FROM polar_delivery_queue WHERE status IN ('pending', 'sending') ORDER BY sequence LIMIT {SHOWN}
"""


def still_open(house: House) -> Iterator[str]:
    """Updates and calls that have not ended, a line each."""
    for rows in (house.rows(_UPDATES), house.rows(_DELIVERIES)):
        yield from (line for (line,) in rows)


def at_work() -> Iterator[str]:
    """Tasks of ours, and where in our code each of them waits."""
    for task in sorted(asyncio.all_tasks(), key=asyncio.Task.get_name):
        places = [place for frame in _frames(task.get_coro()) if (place := _place(frame)) is not None]
        if places and task is not asyncio.current_task():
            yield f"{task.get_name()} waits at {places[-1]}"


def _frames(coroutine: Any) -> Iterator[FrameType]:
    """From the outermost on."""
    while isinstance(coroutine, CoroutineType):
        if coroutine.cr_frame is not None:
            yield coroutine.cr_frame
        coroutine = coroutine.cr_await


def _place(frame: FrameType) -> str | None:
    path = Path(frame.f_code.co_filename)
    if not path.is_relative_to(CHECKOUT) or "site-packages" in path.parts:
        return None
    return f"{path.relative_to(CHECKOUT)}:{frame.f_lineno}"
