"""Another program holds the database's lock, or the file is taken away, while the real bot runs."""

from __future__ import annotations

import asyncio

import pytest

from tests.house import House, until
from tests.killing import asks, end, finished, start, start_asking
from tests.looking import awake, idle, queue, texts
from tests.responders import ECHO
from tests.storage.files import locked

pytestmark = pytest.mark.slow

SAID = "it is waited for"
"""In the line that is logged each ten seconds that a lock is held, longer than any time-out for locks."""


def logged(house: House) -> str:
    """What bot processes of this house have logged."""
    return (house.folder / "bot.log").read_text()


async def test_a_long_lock_of_another_program_loses_and_doubles_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """Taken while a message is on its way: its receipt and what comes meanwhile wait until the lock is free."""
    ann, chat = house.chat()
    async with house.bot(responder=ECHO) as bot:
        await awake(house)
        house.world.fault("sendMessage", "slow", seconds=None)
        house.world.say(chat, ann, "one")
        await house.world.wait(lambda: bool(house.world.sent(chat)))
        with locked(house.path):
            house.world.clear_faults()
            house.world.say(chat, ann, "two")
            await until(lambda: SAID in caplog.text or bot.finished.done())
            assert not bot.finished.done()
            assert house.rows("SELECT status FROM polar_delivery_queue") == [("sending",)]
        await idle(house, updates=2)
    assert texts(house, chat) == ["echo: one", "echo: two"]
    assert queue(house) == [("sent", 0, None)] * 2


async def test_a_stop_does_not_wait_for_a_lock_longer_than_its_limit(house: House) -> None:
    """The lock is never given back; what was received is handled by the next process."""
    ann, chat = house.chat()
    process = await start_asking(house, responder=ECHO, shutdown_seconds=1)
    with locked(house.path):
        house.world.say(chat, ann, "one")
        await house.world.wait(lambda: house.world.updates_pending() == 1)
        async with asyncio.timeout(30):
            assert await end(process) == 0
    process = await start(house, responder=ECHO)
    await house.world.wait(lambda: bool(house.world.sent(chat)))
    await finished(house)
    assert await end(process) == 0
    assert texts(house, chat) == ["echo: one"]


async def test_a_start_waits_for_a_lock(house: House) -> None:
    """However long another program holds it, with a line in the log; then the bot is there."""
    assert await end(await start_asking(house)) == 0
    with locked(house.path):
        process = await start(house)
        await until(lambda: SAID in logged(house) or process.returncode is not None)
        assert process.returncode is None
    await asks(house, len(house.world.calls))
    assert await end(process) == 0


async def test_a_start_that_waits_for_a_lock_can_be_stopped(house: House) -> None:
    """As any other bot."""
    assert await end(await start_asking(house)) == 0
    with locked(house.path):
        process = await start(house)
        await until(lambda: SAID in logged(house) or process.returncode is not None)
        async with asyncio.timeout(30):
            assert await end(process) == 0
