"""No address that stands in an answer is fetched: by what it asks for, it could tell others what was said here."""

from __future__ import annotations

from typing import Any

import pytest

from bot.sending import display
from emulator import Chat
from tests.house import House, until
from tests.looking import idle, tell
from tests.responders import ECHO, WRITING, Writing

pytestmark = pytest.mark.slow

LINK = "https://elsewhere.example/?said=secret"


def previews(house: House, method: str) -> list[Any]:
    """What each call of a method says of the preview of its links."""
    return [call.params.get("link_preview_options") for call in house.world.calls if call.method == method]


async def test_an_answer_its_edit_and_a_run_have_no_preview(house: House) -> None:
    """Whatever is sent, and what takes its place when the question is edited."""
    async with house.bot(responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, LINK)
        [asked] = [number for number in house.world.room(chat).messages if number not in house.world.room(chat).sent]
        house.world.edit(chat, asked, f"{LINK}&more")
        await idle(house)
        await tell(house, chat, ann, f"/remember {LINK}")
        await tell(house, chat, ann, "/memory show")
    for method in ("sendMessage", "editMessageText"):
        found = previews(house, method)
        assert found and all(options == {"is_disabled": True} for options in found), method


@pytest.mark.parametrize("where", ["group", "private"])
async def test_an_answer_that_grows_has_no_preview_on_the_way(
    house: House, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Each edit says it anew, as one that does not brings the preview back."""
    monkeypatch.setattr(display, "START_S", 0.01)
    monkeypatch.setattr(display, "EVERY_S", 0.01)
    Writing.reset()
    async with house.bot(responder=WRITING):
        ann, chat = house.chat()
        place: Chat = house.world.group("Friends", [ann]) if where == "group" else chat
        house.world.fault("sendMessageDraft", "400:TEXTDRAFT_PEER_INVALID", times=None)
        house.world.say(place, ann, "@polar_test_bot tell me")
        Writing.say(f"Look at {LINK}")
        await house.world.wait(lambda: len(house.world.sent(place)) == 1)
        for number in range(3):
            Writing.say(f"Look at {LINK}{number}")
            await house.world.wait(lambda: house.world.sent(place)[0]["text"].endswith(str(number)))  # noqa: B023 - awaited
        Writing.done.set()
        await until(lambda: house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'") == [(0,)])
        await idle(house)
    found = previews(house, "sendMessage") + previews(house, "editMessageText")
    assert len(found) >= 4
    assert [options for options in found if options != {"is_disabled": True}] == []
