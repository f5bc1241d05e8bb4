"""Handing the answer of a thread's work to whoever waits for it."""

from __future__ import annotations

import asyncio
from typing import TypeVar

Answer = TypeVar("Answer")


def settle(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    """Give the answer, or raise the error in its place; nobody waits any more where the caller was cancelled."""
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
