"""A middleware of one's own, named in POLAR_MIDDLEWARE, without editing ours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from telegram import Bot, Update

from bot.errors import SettingsError
from bot.receiving import processor
from middleware.texts import say
from middleware.turn import CallNext, Outcome, Reply, Turn
from storage.statement import Statement
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, tell, texts
from tests.responders import ECHO

HERE = "tests.middleware.test_own_middleware"


async def sign(turn: Turn, call_next: CallNext) -> Outcome:
    """Acts before and after: shouts what is asked, signs what is answered."""
    if turn.incoming is not None:
        turn.incoming = replace(turn.incoming, text=turn.incoming.text.upper())
    outcome = await call_next(turn)
    signed = (replace(r, text=f"{r.text} (signed)") if isinstance(r, Reply) else r for r in outcome.replies)
    return replace(outcome, replies=tuple(signed))


async def frame(turn: Turn, call_next: CallNext) -> Outcome:
    """Acts after."""
    outcome = await call_next(turn)
    framed = (replace(r, text=f"[{r.text}]") if isinstance(r, Reply) else r for r in outcome.replies)
    return replace(outcome, replies=tuple(framed))


async def guard(turn: Turn, call_next: CallNext) -> Outcome:
    """Answers by itself, or stops the turn."""
    if turn.text == "open":
        return Outcome.answer("Sesame")
    if turn.text == "psst":
        return Outcome(status="ignored", reason="psst")
    return await call_next(turn)


async def twice(turn: Turn, call_next: CallNext) -> Outcome:
    """Calls the rest of the chain a second time, which is a mistake."""
    await call_next(turn)
    return await call_next(turn)


async def spoil(turn: Turn, call_next: CallNext) -> Outcome:
    """Records an effect that cannot be had."""
    turn.record(Statement("DELETE FROM polar_properties WHERE name = 'nothing'", expect=1))
    return await call_next(turn)


class Remembering:
    """A middleware with something of its own, which records an effect with the turn."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Notes the kinds of the turns that come by."""
        self.kinds.append(turn.kind)
        return await call_next(turn)


remembering = Remembering()


class Asking:
    """Asks for the update as python-telegram-bot has it."""

    def __init__(self) -> None:
        self.seen: list[Update | None] = []

    async def __call__(self, turn: Turn, call_next: CallNext) -> Outcome:
        """Notes what it is given, which is built but once."""
        self.seen.append(turn.update())
        assert turn.update() is self.seen[-1]
        return await call_next(turn)


asking = Asking()


async def test_it_acts_before_and_after_messages_and_commands(house: House) -> None:
    """What it does to the turn is what the responder sees; what it does to the outcome is what is sent."""
    async with house.bot(responder=ECHO, middleware=f"{HERE}:sign"):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == ["echo: HELLO (signed)"]
        assert await tell(house, chat, ann, "/ping") == ["pong (signed)"]
    assert house.rows("SELECT text FROM polar_messages WHERE role = 'user'") == [("hello",), ("/ping",)]


async def test_it_can_answer_by_itself_or_stop_the_turn(house: House) -> None:
    """The turn is stored and audited as any other."""
    async with house.bot(responder=ECHO, middleware=f"{HERE}:guard"):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "open") == ["Sesame"]
        assert await tell(house, chat, ann, "psst") == []
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
    assert house.rows("SELECT outcome, reason FROM polar_audit ORDER BY sequence") == [
        ("answered", None),
        ("ignored", "psst"),
        ("answered", None),
    ]


async def test_several_stand_in_the_order_in_which_they_are_named(house: House) -> None:
    """The first is the outermost."""
    async with house.bot(responder=ECHO, middleware=f"{HERE}:sign, {HERE}:frame"):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == ["[echo: HELLO] (signed)"]


async def test_it_sees_runs_of_automations_and_edits_too(house: House) -> None:
    """There is one chain."""
    clock = TestClock()
    remembering.kinds.clear()
    async with house.bot(clock, middleware=f"{HERE}:remembering") as bot:
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "/automations create every 1 hour | tea")
        message = house.world.say(chat, ann, "hello")
        house.world.edit(chat, message, "hello!")
        await idle(house, updates=3)
        clock.advance(seconds=3600)
        bot.app.runner.wake()
        await until(lambda: "automation" in remembering.kinds)
        await house.world.wait(lambda: texts(house, chat)[-1] == "⏰ tea")
    assert remembering.kinds == ["command", "message", "edited_message", "automation"]


async def test_it_sees_reactions_and_presses_and_may_stop_them(house: House) -> None:
    """Before they are recorded, like all else."""
    remembering.kinds.clear()
    async with house.bot(responder=ECHO, middleware=f"{HERE}:remembering", feedback_buttons="always"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        message = house.world.sent(chat)[0]["message_id"]
        house.world.react(chat, ann, message, "👍")
        house.world.press(chat, ann, message, "fb:-")
        await idle(house, updates=3)
    assert remembering.kinds == ["message", "reaction", "button"]
    assert house.rows("SELECT count(*) FROM polar_feedback_events") == [(2,)]


async def test_it_may_ask_for_the_update_as_python_telegram_bot_has_it(house: House) -> None:
    """With all that we do not read. None where that library cannot read it, though it is answered, and for a run."""
    clock = TestClock()
    asking.seen.clear()
    async with house.bot(clock, responder=ECHO, middleware=f"{HERE}:asking") as bot:
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "/automations create every 1 hour | tea")
        await idle(house, updates=1)
        house.world.react(chat, ann, message, "👍")
        await idle(house, updates=2)
        quoting = {"message_id": 9999, "date": 1, "chat": chat.json(), "from": ann.json(), "text": "I vote for it"}
        house.world.push({"message": {**quoting, "reply_to_message": {**quoting, "poll": {"id": "1"}}}})
        await idle(house, updates=3)
        clock.advance(seconds=3600)
        bot.app.runner.wake()
        await until(lambda: len(asking.seen) == 4)
    command, reaction, *others = asking.seen
    assert command is not None and command.message is not None and command.message.chat.first_name == "Ann"
    assert reaction is not None and reaction.message_reaction is not None
    assert others == [None, None]
    assert "echo: I vote for it" in texts(house, chat)


async def test_nothing_of_python_telegram_bots_is_built_that_nobody_asks_for(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take more time than all else that is done about a reaction."""
    built: list[dict[str, Any]] = []
    build = Update.de_json

    def note(data: dict[str, Any], bot: Bot) -> Update | None:
        built.append(data)
        return build(data, bot)

    monkeypatch.setattr(Update, "de_json", note)
    async with house.bot(responder=ECHO):
        await awake(house)
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "hello")
        house.world.react(chat, ann, message, "👍")
        await idle(house, updates=2)
    assert built != []
    assert [set(data) for data in built if set(data) != {"update_id"}] == []


async def test_a_commit_that_fails_is_audited_as_a_failure(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the chain thought of the turn is not what became of it."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    async with house.bot(middleware=f"{HERE}:spoil"):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/ping")
    assert house.rows("SELECT outcome, reason FROM polar_audit") == [("failed", "ExpectationFailed")] * 3
    assert house.rows("SELECT json_extract(payload, '$.outcome') FROM polar_feedback_events") == [("failed",)]
    assert texts(house, chat) == [say("turn.apology")]


async def test_calling_the_rest_of_the_chain_twice_fails_the_turn(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would answer twice; the mistake is told to who waits, and named in the reason."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    async with house.bot(responder=ECHO, middleware=f"{HERE}:twice"):
        ann, chat = house.chat()
        assert await tell(house, chat, ann, "hello") == [say("turn.apology")]
    [(reason,)] = house.rows("SELECT reason FROM polar_updates WHERE status = 'dead'")
    assert reason == "CalledTwice"


@pytest.mark.parametrize("name", ["no.such.module:thing", f"{HERE}:nothing"])
async def test_a_name_that_leads_nowhere_stops_the_start(house: House, name: str) -> None:
    """With the setting and what is missing."""
    with pytest.raises(SettingsError, match="POLAR_MIDDLEWARE"):
        async with house.bot(middleware=name):
            pass
