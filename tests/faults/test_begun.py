"""A message that was begun for an answer is found again by the next process, wherever the clock stands."""

from __future__ import annotations

import pytest

from bot.app import App
from middleware.turn import Turn
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, queue, texts

DAY_S = 86_400


class Begun:
    """Begins a message for its answer; in its first life it never comes to the end."""

    app: App
    hangs: bool

    async def respond(self, turn: Turn) -> str:
        """The whole answer, or never."""
        if not self.hangs:
            return "the whole answer"
        outbox = self.app.outbox
        turn.replaces = (outbox.placeholder_id(turn),)
        await self.app.database.commit(*outbox.placeholder(turn, "the who"))
        self.app.sender.wake([turn.session_id])
        await until(lambda: False)
        raise AssertionError


begun = Begun()


@pytest.mark.parametrize("moved_s", [-DAY_S, 0, DAY_S], ids=["back", "right", "ahead"])
async def test_a_begun_message_becomes_the_whole_answer_wherever_the_clock_stands(house: House, moved_s: int) -> None:
    """The next process knows what was in hand before it by the journal, so that nothing unfinished stays beside it."""
    clock = TestClock()
    ann, chat = house.chat()
    async with house.bot(clock, responder="tests.faults.test_begun:begun", shutdown_seconds=0) as bot:
        begun.app, begun.hangs = bot.app, True
        house.world.say(chat, ann, "tell me")
        await house.world.wait(lambda: texts(house, chat) == ["the who"])
        await until(lambda: queue(house) == [("sent", 0, None)])
    clock.advance(seconds=moved_s)
    begun.hangs = False
    async with house.bot(clock, responder="tests.faults.test_begun:begun"):
        await idle(house, updates=1)
    assert texts(house, chat) == ["the whole answer"]
