"""The line of the log that a turn leaves, and the id that ties to it whatever else is logged meanwhile."""

from __future__ import annotations

import logging
import re

import pytest

from bot.receiving import processor
from middleware.trace import TRACE
from middleware.turn import Turn
from tests.house import House
from tests.looking import idle, tell
from tests.responders import ECHO, FAILING, Echo


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Of each line its level, and what became of which kind of turn; its facts stand beside that."""
    told = [record for record in caplog.records if record.name == "polar.turn"]
    for record in told:
        facts = vars(record)
        assert re.fullmatch(r"update:\d+:\d+ telegram:chat:\d+ \d+", "{trace} {session} {ms}".format(**facts))
    return [(record.levelname, record.getMessage()) for record in told]


class Chatty(Echo):
    """Logs while it answers, as any library may."""

    async def respond(self, turn: Turn) -> str:
        """As Echo, after a line."""
        logging.getLogger("chatty").warning("said in %s", TRACE.get())
        return await super().respond(turn)


async def test_what_is_merely_recorded_is_no_news(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Of a listener in a busy group, the log tells whoever debugs; commands, as before, tell all."""
    caplog.set_level(logging.DEBUG, "polar.turn")
    async with house.bot(responder="none"):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, "hello")
        await idle(house)
        house.world.edit(chat, message, "hello!")
        house.world.react(chat, ann, message, "👍")
        await idle(house)
        await tell(house, chat, ann, "/ping")
    *recorded, last = lines(caplog)
    assert sorted(recorded) == [
        ("DEBUG", "edited_message recorded"),
        ("DEBUG", "message recorded"),
        ("DEBUG", "reaction recorded"),
    ]
    assert last == ("INFO", "command answered")


@pytest.mark.parametrize(("responder", "line"), [(ECHO, "message answered"), (FAILING, "message failed")])
async def test_an_answer_and_a_failure_leave_their_line(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, responder: str, line: str
) -> None:
    """With ids and durations."""
    monkeypatch.setattr(processor, "FIRST_DELAY_S", 0.0)
    caplog.set_level(logging.INFO, "polar.turn")
    async with house.bot(responder=responder):
        ann, chat = house.chat()
        house.world.say(chat, ann, "fail")
        await house.world.wait(lambda: lines(caplog)[:1] == [("INFO", line)])


async def test_what_is_logged_while_a_turn_is_made_bears_the_id_that_its_audit_has(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The trace id: of each turn its own, and none outside of one."""
    async with house.bot(responder="tests.middleware.test_audit:Chatty"):
        ann, chat = house.chat()
        for number in range(2):
            await tell(house, chat, ann, f"hello {number}")
    said = [record.getMessage() for record in caplog.records if record.name == "chatty"]
    audited = house.rows("SELECT turnId FROM polar_audit ORDER BY sequence")
    assert said == [f"said in {turn}" for (turn,) in audited]
    assert len(set(said)) == 2
    assert TRACE.get() == ""
