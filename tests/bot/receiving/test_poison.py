"""An update that ends the process every time is set aside; those beside and behind it are answered."""

from __future__ import annotations

import asyncio

import pytest

from bot.receiving.processor import MAX_CLAIMS
from middleware.texts import say
from tests.house import House
from tests.killing import end, start
from tests.looking import MARK

pytestmark = pytest.mark.slow

STARTS = MAX_CLAIMS + 3


async def test_an_update_that_kills_the_process_is_set_aside_and_never_blocks_others(house: House) -> None:
    """After bounded starts the process stays up; the poison is dead with its reason, its sender is told."""
    ann, chat = house.chat("Ann")
    ben, other = house.chat("Ben")
    house.world.say(chat, ann, "before")
    house.world.say(chat, ann, "poison")
    house.world.say(chat, ann, "after")
    house.world.say(other, ben, "beside")
    for _ in range(STARTS):
        bot = await start(house, responder="tests.responders:Poison")
        ended = asyncio.create_task(bot.wait())
        answered = asyncio.create_task(
            house.world.wait(lambda: any(m["text"] == "echo: after" for m in house.world.sent(chat)), timeout=30)
        )
        await asyncio.wait({ended, answered}, return_when=asyncio.FIRST_COMPLETED)
        if answered.done():
            break
        answered.cancel()
        assert ended.result() == 70
    await answered
    assert await end(bot) == 0
    texts = [message["text"] for message in house.world.sent(chat)]
    assert set(texts) - {"echo: before", MARK + "echo: before"} == {
        say("turn.apology"),
        "echo: after",
    }
    assert texts.index(say("turn.apology")) < texts.index("echo: after")
    assert any(message["text"].endswith("echo: beside") for message in house.world.sent(other))
    assert house.rows("SELECT status, attempts, reason FROM polar_updates WHERE status <> 'done'") == [
        ("dead", MAX_CLAIMS, "it kept ending the process")
    ]
