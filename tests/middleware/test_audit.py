"""The line of the log that a turn leaves."""

from __future__ import annotations

import logging
import re

import pytest

from bot.receiving import processor
from tests.house import House
from tests.looking import idle, tell
from tests.responders import ECHO, FAILING


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Of each line its level, and what of which turn became of it."""
    told = [(record.levelname, record.getMessage()) for record in caplog.records if record.name == "polar.turn"]
    form = re.compile(r"update:\d+:\d+ (\w+ )telegram:chat:\d+ (\w+) in \d+ ms")
    return [(level, form.sub(r"\1\2", line)) for level, line in told]


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
