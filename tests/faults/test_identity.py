"""Whether an update came before does not depend on the time that this machine believes in."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Chat, Person
from tests.clocks import TestClock
from tests.house import House
from tests.looking import idle, tell, texts
from tests.responders import ECHO

pytestmark = pytest.mark.usefixtures("engine")

SECOND = 1_795_000_000
"""When Telegram says that things happen here."""
DAY_S = 86_400


def message(update_id: int, chat: Chat, person: Person, text: str, *, number: int, date: Any) -> dict[str, Any]:
    """A message in a private chat, as Telegram would tell of it."""
    content = {"message_id": number, "date": date, "chat": chat.json(), "from": person.json(), "text": text}
    return {"update_id": update_id, "message": content}


async def said(house: House, *updates: dict[str, Any]) -> None:
    """Telegram tells of these, one after another, each once the one before is handled."""
    for update in updates:
        house.world.push(update)
        await idle(house)


async def test_an_update_that_comes_again_is_the_same_however_our_clock_leapt(house: House) -> None:
    """Four days ahead within a moment: Telegram redelivers for one, so it is answered once."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        once = message(50, chat, ann, "hello", number=7, date=SECOND)
        await said(house, once)
        clock.advance(seconds=4 * DAY_S)
        await said(house, once)
        assert await tell(house, chat, ann, "later") == ["echo: later"]
    assert texts(house, chat) == ["echo: hello", "echo: later"]


async def test_an_id_that_comes_again_with_another_mark_is_another_update(house: House) -> None:
    """Telegram may count anew from anywhere; what is told of then was said at another time, whatever our clock says."""
    async with house.bot(TestClock(), responder=ECHO):
        ann, chat = house.chat()
        first = message(50, chat, ann, "first", number=7, date=SECOND)
        second = message(50, chat, ann, "second", number=8, date=SECOND + 8 * DAY_S)
        await said(house, first, second, second)
    assert texts(house, chat) == ["echo: first", "echo: second"]
    assert house.rows("SELECT sequence, mark FROM polar_updates WHERE updateId = 50") == [
        (2, f"message:{SECOND + 8 * DAY_S}")
    ]
