"""Nothing of anybody's choosing stands where nothing is ever erased: the ledger knows commands that exist."""

from __future__ import annotations

import pytest

from tests.house import House, until
from tests.looking import commands, mentions

SECRET = "swordfish"


@pytest.mark.parametrize("access", ["open", "pairing"])
async def test_the_ledger_keeps_no_name_that_is_no_commands(house: House, access: str) -> None:
    """It is append-only: what a member or a stranger writes behind a slash would stay for ever."""
    async with house.bot(access=access):
        ann, chat = house.chat()
        for text in (f"/{SECRET}", "/ping", f"/{SECRET} {SECRET}", "/tz"):
            house.world.say(chat, ann, text)
        await until(lambda: len(commands(house)) == 4)
    assert [payload["command"] for payload in commands(house)] == ["unknown", "ping", "unknown", "tz"]
    assert "polar_feedback_events" not in mentions(house, SECRET)
