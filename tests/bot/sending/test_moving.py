"""A group becomes a supergroup while replies to it wait."""

from __future__ import annotations

import asyncio
from functools import partial

from tests.house import House, until
from tests.looking import idle, queue, texts
from tests.responders import ECHO


async def test_what_waits_for_a_group_that_moves_is_sent_where_it_is_now(house: House) -> None:
    """Also where nothing else is queued there; what is under way meanwhile is not taken for one that is unclear."""
    async with house.bot(responder=ECHO):
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann], basic=True)
        house.world.fault("sendMessage", "hang_after", seconds=None)
        for number, word in enumerate(("one", "two", "three"), start=1):
            house.world.say(group, ann, f"@polar_test_bot {word}")
            await until(partial(_are_queued, house, number))
        new = house.world.migrate(group)
        await until(lambda: f"delivery telegram:chat:{new.id}" in map(asyncio.Task.get_name, asyncio.all_tasks()))
        house.world.clear_faults()
        await idle(house)
    assert texts(house, group) == ["echo: @polar_test_bot one"]
    assert texts(house, new) == ["echo: @polar_test_bot two", "echo: @polar_test_bot three"]
    assert queue(house) == [("sent", 0, None)] * 3


def _are_queued(house: House, number: int) -> bool:
    return len(queue(house)) == number
