"""A schedule that takes too long to work out is refused at every door, and a stored one holds nobody up."""

from __future__ import annotations

import json

import pytest

from emulator.model import Answer
from middleware.texts import say
from tests.automating import create
from tests.bot.cli.terminal import polar
from tests.house import House
from tests.killing import end, start_asking
from tests.looking import tell
from tests.model import talking

pytestmark = pytest.mark.slow
COUNTED = "FREQ=MINUTELY;INTERVAL=1439;BYHOUR=5;BYMINUTE=7;COUNT=9999"
"""An instant in four years, ten thousand times."""
CHOSEN = f"FREQ=DAILY;BYSETPOS={','.join(map(str, [*range(2, 367), *range(-366, -1)]))}"
"""Of the one instant of each day the others."""
REFUSED = say("schedule.too_many_steps", example="daily at 18:00")


@pytest.mark.parametrize("rule", [COUNTED, CHOSEN])
async def test_the_chat_takes_none(house: House, rule: str) -> None:
    """Nor does an edit change anything."""
    async with house.bot():
        ann, chat = house.chat()
        job = await create(house, chat, ann, "daily 18:00")
        before = house.rows("SELECT * FROM polar_automation_jobs")
        for form in (f"preview RRULE:{rule}", f"create RRULE:{rule} | tea", f"edit {job} RRULE:{rule}"):
            [answer] = await tell(house, chat, ann, f"/automations {form}")
            assert answer.startswith(REFUSED)
    assert house.rows("SELECT * FROM polar_automation_jobs") == before


async def test_a_models_tool_call_proposes_none(house: House) -> None:
    """Which comes without a press."""
    endless = ("propose_automation", json.dumps({"schedule": f"RRULE:{COUNTED}", "prompt": "x"}))
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(tool=endless)
        await tell(house, chat, ann, "remind me")
        assert json.loads(model.exchanges[1].messages[-1]["content"])["error"] == REFUSED
    assert house.rows("SELECT * FROM polar_proposals") == []


async def test_the_command_line_takes_none_and_lists_a_stored_one(house: House) -> None:
    """Asked what it means, and asked to go on with it."""
    async with house.bot():
        ann, chat = house.chat()
        job = await create(house, chat, ann, "daily 18:00")
        await tell(house, chat, ann, f"/automations pause {job}")
    house.write("UPDATE polar_automation_jobs SET schedule = ?", f"DTSTART:20261101T000000Z\nRRULE:{COUNTED}")
    for command in (("schedule", f"RRULE:{COUNTED}"), ("automations", "resume", job)):
        done = polar(*command, database=house.path)
        assert (done.exit_code, REFUSED in done.stderr) == (1, True), command
    assert job in polar("automations", "list", "--json", database=house.path).stdout
    assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(0,)]


async def test_a_process_that_is_asked_to_end_ends_while_it_is_asked_for_many(house: House) -> None:
    """And the next one, which remembers nothing of any schedule, answers all of it."""
    process = await start_asking(house, access="open")
    ann, chat = house.chat()
    job = await create(house, chat, ann, "daily 18:00")
    house.write("UPDATE polar_automation_jobs SET schedule = ?", f"DTSTART:20261101T000000Z\nRRULE:{COUNTED}")
    for number in range(10):
        house.world.say(chat, ann, f"/automations preview DTSTART:202601{number + 10}T000000Z RRULE:{COUNTED}")
    house.world.say(chat, ann, f"/automations show {job}")
    await house.world.wait(lambda: len(house.world.sent(chat)) > 1)
    assert await end(process) == 0
    assert len(house.world.sent(chat)) < 12, "it was asked to end while it was asked for them"
    process = await start_asking(house, access="open")
    await house.world.wait(lambda: len(house.world.sent(chat)) == 12)
    said = [message["text"] for message in house.world.sent(chat)[1:]]
    assert sum(text.startswith(REFUSED) for text in said) == 10
    assert say("schedule.too_many_steps", example="daily at 18:00") in said[-1]
    assert await end(process) == 0
