"""Waiting while another program holds the database's lock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from storage.errors import DatabaseBusy, StorageError

Answer = TypeVar("Answer")

log = logging.getLogger("polar.database")

PAUSE_S = 0.01
"""Between two tries: not every engine waits for every lock."""
LINE_EVERY_S = 10


def never() -> StorageError | None:
    """Nothing ends the waiting."""
    return None


async def when_free(
    label: str, attempt: Callable[[], Awaitable[Answer]], *, ended: Callable[[], StorageError | None] = never
) -> Answer:
    """The result of `attempt` once no other program's lock is in its way: without limit, and each ten seconds said.

    Raises what `ended` says between two tries.
    """
    loop = asyncio.get_running_loop()
    began = said = loop.time()
    while True:
        try:
            return await attempt()
        except DatabaseBusy:
            if (reason := ended()) is not None:
                raise reason from None
            if (now := loop.time()) - said >= LINE_EVERY_S:
                said = now
                log.warning("another program has held the lock of %s for %d s; it is waited for", label, now - began)
            await asyncio.sleep(PAUSE_S)
