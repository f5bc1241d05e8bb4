"""Nobody can take what the bot logs: the reader of a pipe is gone, or the disk of the log is full."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.house import CHECKOUT, House
from tests.killing import Process, asks, end, kill
from tests.looking import texts
from tests.responders import ECHO

pytestmark = pytest.mark.slow


@asynccontextmanager
async def logging_to(house: House, descriptor: int) -> AsyncIterator[Process]:
    """A bot that asks for updates, with this as its standard error, which is closed here."""
    calls = len(house.world.calls)
    try:
        process = await asyncio.create_subprocess_exec(
            *house.command("run"), cwd=CHECKOUT, env=house.environment(responder=ECHO), stderr=descriptor
        )
    finally:
        os.close(descriptor)
    try:
        await asks(house, calls)
        yield process
    finally:
        if process.returncode is None:
            await kill(process)


async def test_a_bot_whose_log_has_no_reader_any_more_answers_and_can_be_stopped(house: House) -> None:
    """A line that nobody reads must not end what it tells of, and never leave a process that does nothing."""
    ann, chat = house.chat()
    reader, writer = os.pipe()
    async with logging_to(house, writer) as process:
        os.close(reader)
        for number in range(3):
            house.world.say(chat, ann, f"message {number}")
            await house.world.wait(lambda: len(house.world.sent(chat)) > number, 20)  # noqa: B023
        assert process.returncode is None
        async with asyncio.timeout(30):
            await end(process)
    assert texts(house, chat) == ["echo: message 0", "echo: message 1", "echo: message 2"]
