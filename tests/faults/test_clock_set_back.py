"""What was begun, what was said before and what an edit belongs to does not depend on where our clock stands."""

from __future__ import annotations

import pytest

from bot.app import App
from middleware.responder import Abilities
from middleware.turn import Turn
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, queue, tell, texts
from tests.responders import ECHO

pytestmark = pytest.mark.usefixtures("engine")

DAY_S = 86_400
BEGUN = "SELECT count(*) FROM polar_scheduler_events WHERE queue = 'retry'"


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


@pytest.mark.alike
@pytest.mark.parametrize("moved_s", [-DAY_S, 0, DAY_S], ids=["back", "right", "ahead"])
async def test_a_begun_message_becomes_the_whole_answer_wherever_the_clock_stands(house: House, moved_s: int) -> None:
    """The next process knows what was in hand before it by the journal, so that nothing unfinished stays beside it."""
    clock = TestClock()
    ann, chat = house.chat()
    async with house.bot(clock, responder="tests.faults.test_clock_set_back:begun", shutdown_seconds=0) as bot:
        begun.app, begun.hangs = bot.app, True
        house.world.say(chat, ann, "tell me")
        await house.world.wait(lambda: texts(house, chat) == ["the who"])
        await until(lambda: queue(house) == [("sent", 0, None)])
    clock.advance(seconds=moved_s)
    begun.hangs = False
    async with house.bot(clock, responder="tests.faults.test_clock_set_back:begun"):
        await idle(house, updates=1)
    assert texts(house, chat) == ["the whole answer"]


class Knowing:
    """Answers with how much it is told of what was said before."""

    abilities = Abilities(history=10)

    async def respond(self, turn: Turn) -> str:
        """The number of messages."""
        return str(len(turn.context.history))


knowing = Knowing()
KNOWING = "tests.faults.test_clock_set_back:knowing"


async def test_what_was_said_before_is_known_though_the_clock_was_set_back(house: House) -> None:
    """What came later is what was stored later."""
    clock = TestClock()
    async with house.bot(clock, responder=KNOWING):
        await awake(house)
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "one") == ["0"]
        clock.advance(seconds=-DAY_S)
        assert await tell(house, chat, ann, "two") == ["2"]


async def test_what_led_to_a_message_that_is_replied_to_is_known_though_the_clock_was_set_back(house: House) -> None:
    """The first answer, a question and an answer below it, then a question, after which the clock is another."""
    clock = TestClock()
    async with house.bot(clock, responder=KNOWING):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        assert await tell(house, group, ann, "@polar_test_bot one") == ["0"]
        first = house.world.sent(group)[-1]["message_id"]
        assert await tell(house, group, ann, "two", reply_to=first) == ["1"]
        clock.advance(seconds=-DAY_S)
        assert await tell(house, group, ann, "three", reply_to=first) == ["3"]
        last = house.world.sent(group)[-1]["message_id"]
        assert await tell(house, group, ann, "four", reply_to=last) == ["5"]


async def test_an_edit_soon_after_is_answered_though_the_clock_was_put_right_between(house: House) -> None:
    """By the seconds that a clock usually is wrong by."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        said = house.world.say(chat, ann, "helo")
        await idle(house)
        clock.advance(seconds=-5)
        house.world.edit(chat, said, "hello")
        await idle(house)
    assert texts(house, chat) == ["echo: hello"]


async def test_an_edit_renews_its_own_turn_whatever_came_at_the_same_instant(house: House) -> None:
    """What one person wrote to others came in one batch with a question: it is no part of that."""
    ann = house.world.person("Ann")
    group = house.world.group("Friends", [ann])
    async with house.bot(TestClock()):
        await awake(house)
    house.world.say(group, ann, "see you at six")
    asked = house.world.say(group, ann, "@polar_test_bot helo")
    async with house.bot(TestClock(), responder=ECHO):
        await idle(house, updates=2)
        house.world.edit(group, asked, "@polar_test_bot hello")
        await idle(house, updates=3)
    assert texts(house, group) == ["echo: @polar_test_bot hello"]


class Begins:
    """Hangs in its first life; in the next it says what it was asked for."""

    hangs: bool

    async def respond(self, turn: Turn) -> str:
        """The words, or never."""
        await until(lambda: not self.hangs)
        return f"said: {turn.text}"


begins = Begins()


@pytest.mark.alike
@pytest.mark.parametrize("moved_s", [-DAY_S, 0, DAY_S], ids=["back", "right", "ahead"])
async def test_a_run_that_was_begun_goes_on_wherever_the_clock_stands(house: House, moved_s: int) -> None:
    """The next process does not wait for the time that its clock showed when it was begun."""
    clock = TestClock()
    ann, chat = house.chat()
    own = {"responder": "tests.faults.test_clock_set_back:begins", "min_model_interval_minutes": 0}
    begins.hangs = True
    async with house.bot(clock, shutdown_seconds=0, **own):
        await tell(house, chat, ann, "/automations create every 1 minute | tea")
        clock.advance(seconds=60)
        await until(lambda: house.rows(BEGUN) == [(1,)])
    clock.advance(seconds=moved_s)
    begins.hangs = False
    async with house.bot(clock, **own):
        await house.world.wait(lambda: "said: tea" in texts(house, chat))
        await until(lambda: house.rows(BEGUN) == [(0,)])
