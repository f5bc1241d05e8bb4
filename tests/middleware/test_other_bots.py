"""Another bot is answered a few turns in a row, over restarts too."""

from __future__ import annotations

from typing import Any

from middleware.other_bots import MOST_IN_A_ROW, Streak
from tests.house import House
from tests.looking import awake, tell
from tests.responders import ECHO

ROBOTS = (901, 902)


async def test_a_restart_does_not_forget_how_many_turns_it_was(house: House) -> None:
    """One bot or two; a person who speaks, also while another process ran, begins anew."""
    ann = house.world.person("Ann")
    robots = [house.world.person(f"Robot {id_}", id=id_, is_bot=True) for id_ in ROBOTS]
    group = house.world.group("Friends", [ann, *robots])
    settings: dict[str, Any] = {"access": "allowlist", "allowed_telegram_ids": {group.id, *ROBOTS}, "responder": ECHO}
    answers: list[int] = []
    for start in range(4):
        async with house.bot(**settings):
            await awake(house)
            if start == 3:
                await tell(house, group, ann, "just talking")
        async with house.bot(**settings):
            await awake(house)
            told = [await tell(house, group, robots[n % 2], f"@polar_test_bot {n}") for n in range(2)]
            answers.append(sum(map(len, told)))
    assert answers == [2, 1, 0, 2]
    assert sum(answers[:3]) == MOST_IN_A_ROW


def test_a_streak_that_cannot_be_read_is_none() -> None:
    """As an older or newer version may have left it."""
    assert Streak.read(Streak(2, 7).written) == Streak(2, 7)
    assert [Streak.read(stored) for stored in (None, "", "x", "3", "-1:5", "1:x")] == [Streak()] * 6
