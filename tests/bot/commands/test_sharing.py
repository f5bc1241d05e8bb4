"""Whether examples may be made of somebody's words: they say it themselves, and it goes with them."""

from __future__ import annotations

import json

from middleware.texts import say
from tests.clocks import TestClock
from tests.house import House
from tests.looking import tell

SHARES = "SELECT userId, isShared FROM polar_shares"


def told(key: str) -> list[str]:
    """The answer that says how it is, with what it means."""
    return [say(f"feedback.share.{key}", meaning=say("feedback.share.meaning"))]


async def test_nothing_is_shared_until_somebody_says_so(house: House) -> None:
    """Each answer says what it means; another person's choice is another one's."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        bob, other = house.chat("Bob")
        assert await tell(house, chat, ann, "/feedback share") == told("unset")
        assert house.rows(SHARES) == []
        assert await tell(house, chat, ann, "/feedback share ON") == told("on")
        assert await tell(house, other, bob, "/feedback share off") == told("off")
        assert await tell(house, chat, ann, "/feedback share") == told("on")
        assert await tell(house, chat, ann, "/feedback share off") == told("off")
    assert sorted(house.rows(SHARES)) == sorted([(str(ann.id), 0), (str(bob.id), 0)])


async def test_another_word_changes_nothing(house: House) -> None:
    """It is told how it is done."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, "/feedback share maybe")
    assert answer.startswith("I do not know “share maybe”.")
    assert house.rows(SHARES) == []


async def test_it_is_in_the_file_of_what_is_somebodys_own(house: House) -> None:
    """As long as it is there."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/feedback share on")
        await tell(house, chat, ann, "/export")
        await house.world.wait(lambda: "document" in house.world.sent(chat)[-1])
        file = house.world.files[house.world.sent(chat)[-1]["document"]["file_id"]]
    assert [row["isShared"] for row in json.loads(file)["sharing"]] == [1]
