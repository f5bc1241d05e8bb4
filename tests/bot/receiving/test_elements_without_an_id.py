"""What nobody can acknowledge: an element of an answer to getUpdates that does not say its update_id."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from telegram import Bot

from bot.receiving.polling import JournalTransport
from storage.tables.updates import Received
from tests.bot.canned import Canned
from tests.clocks import LeapingLoop

NAMELESS = {"message": {"text": "hello"}}
POLLS = 90


def answer(*updates: Any) -> bytes:
    """To getUpdates."""
    return json.dumps({"ok": True, "result": updates}).encode()


def test_one_that_comes_alone_is_skipped_told_of_and_asked_for_again_once_a_second(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Telegram repeats it as long as nothing else has come; then that moves the offset beyond it, and is kept at once.

    In the time of a loop that leaps.
    """
    caplog.set_level(logging.WARNING)
    kept: list[int] = []

    async def keep(received: list[Received]) -> None:
        kept.extend(update.update_id for update in received)

    async def no_conflict() -> None:
        raise AssertionError

    async def poll() -> tuple[float, tuple[int, ...]]:
        telegram = Canned(200, answer(NAMELESS))
        bot = Bot("1:token", get_updates_request=JournalTransport(telegram, keep, no_conflict))
        began = asyncio.get_running_loop().time()
        for _ in range(POLLS):
            assert await bot.get_updates(timeout=30) == ()
        took_s = asyncio.get_running_loop().time() - began
        telegram.answer = 200, answer(NAMELESS, {"update_id": 7, "message": {}})
        return took_s, tuple(update.update_id for update in await bot.get_updates(timeout=30))

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        took_s, seen = runner.run(poll())
    assert (round(took_s), kept, seen) == (POLLS, [7], (7,))
    told = [record.getMessage() for record in caplog.records if record.name == "polar.polling"]
    assert len(told) == 2, "a line a minute at most"
    assert all("update_id" in line and "hello" not in line for line in told)
