"""Albums: Telegram sends each picture as a message of its own; a person sent one thing."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from emulator import Chat, Person
from middleware.turn import Turn
from tests.clocks import TestClock
from tests.house import House
from tests.looking import awake, idle, texts
from tests.pending import answers, journalled

SHOWN = "tests.bot.receiving.test_albums:shown"


class Shown:
    """Tells what a turn is made of."""

    async def respond(self, turn: Turn) -> str:
        """Kinds and texts, message by message."""
        return ", ".join(f"{message.kind} {message.text}".strip() for message in turn.messages)


shown = Shown()


def picture(house: House, chat: Chat, person: Person, album: str, caption: str | None = None) -> Callable[[], object]:
    """One picture of an album, to be sent later."""
    return lambda: house.world.send(chat, person, "photo", caption=caption, media_group_id=album)


@pytest.mark.parametrize("window_ms", [0, 800])
async def test_an_album_is_one_turn_whatever_the_window(house: House, window_ms: int) -> None:
    """One answer; each picture is stored with its album."""
    async with house.bot(responder=SHOWN, merge_window_ms=window_ms):
        await awake(house)
        ann, chat = house.chat()
        house.world.album(chat, ann, ["photo", "video", "photo"], caption="holidays")
        await idle(house, updates=3)
    assert texts(house, chat) == ["photo holidays, video, photo"]
    rows = house.rows("SELECT kind, text, attachment FROM polar_messages WHERE role = 'user' ORDER BY sequence")
    assert [row[:2] for row in rows] == [("photo", "holidays"), ("video", ""), ("photo", "")]
    assert len({json.loads(row[2])["album"] for row in rows}) == 1


async def test_an_album_may_go_on_for_a_second_after_its_first_picture(house: House) -> None:
    """By the stored times; what comes later, or belongs to another album, is another turn."""
    clock = TestClock()
    ann, chat = house.chat()
    one, other = picture(house, chat, ann, "1"), picture(house, chat, ann, "2")
    await journalled(house, clock, one, 1, one, 0.001, one, 5, one, other)
    said = await answers(house, clock, chat, responder=SHOWN, merge_window_ms=0)
    assert said == ["photo, photo", "photo", "photo", "photo"]


async def test_an_album_within_a_window_stays_whole(house: House) -> None:
    """The text before it joins it; a text after the window does not, though the album goes on."""
    clock = TestClock()
    ann, chat = house.chat()
    say = house.world.say
    await journalled(
        house,
        clock,
        lambda: say(chat, ann, "look"),
        0.7,
        picture(house, chat, ann, "1", "cats"),
        0.9,
        picture(house, chat, ann, "1"),
        0.01,
        lambda: say(chat, ann, "well?"),
    )
    assert await answers(house, clock, chat, responder=SHOWN) == ["text look, photo cats, photo", "text well?"]


async def test_in_a_group_an_album_is_for_us_by_its_caption(house: House) -> None:
    """Which only one of its pictures has; the answer replies to the last one."""
    async with house.bot(responder=SHOWN):
        await awake(house)
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        house.world.album(group, ann, ["photo", "photo"], caption="just cats")
        last = house.world.album(group, ann, ["photo", "photo"], caption="@polar_test_bot cats")[-1]
        await idle(house, updates=4)
    [answer] = house.world.sent(group)
    assert answer["text"] == "photo @polar_test_bot cats, photo"
    assert answer["reply_to_message"]["message_id"] == last


async def test_the_local_responder_answers_an_album_once(house: House) -> None:
    """It says what it got, not once for each picture."""
    async with house.bot(responder="local"):
        await awake(house)
        ann, chat = house.chat()
        house.world.album(chat, ann, ["photo", "photo", "photo"])
        await idle(house, updates=3)
    assert len(texts(house, chat)) == 1
