"""A model may propose an automation; only a person's yes makes one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.responders.model.prices import CALLS
from emulator.model import Answer
from middleware.texts import say
from tests.house import House
from tests.looking import idle, tell, texts
from tests.model import talking
from tests.pressing import buttons, last, press

PROPOSAL = ("propose_automation", json.dumps({"schedule": "daily 18:00", "prompt": "water the *plants*"}))


def jobs(house: House) -> list[tuple[Any, ...]]:
    """The text of each job."""
    return house.rows("SELECT promptTemplate FROM polar_automation_jobs")


async def test_the_model_proposes_and_the_person_decides(house: House) -> None:
    """What it said stands before the proposal; nothing exists before the press."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.order(Answer(text="Good *idea*.", tool=PROPOSAL))
        [said, text] = await tell(house, chat, ann, "please remind me of the plants")
        assert said == "Good idea."
        assert text.startswith("Shall I, ")
        assert "“water the *plants*”?\nNext" in text
        assert jobs(house) == []
        await press(house, chat, ann, "Create")
    assert jobs(house) == [("water the *plants*",)]


async def test_a_schedule_that_cannot_be_read_goes_back_to_the_model_once(house: House) -> None:
    """With what was wrong; the second one counts."""
    async with talking(house) as model:
        ann, chat = house.chat()
        wrong = ("propose_automation", '{"schedule": "when the moon is full", "prompt": "howl"}')
        model.order(Answer(text="Sure.", tool=wrong), Answer(tool=PROPOSAL))
        [said, text] = await tell(house, chat, ann, "remind me")
        assert "Shall I, " in text
        assert said == "Sure."
        assert [m["role"] for m in model.exchanges[1].messages[-2:]] == ["assistant", "tool"]
        assert "cannot be read" in json.loads(model.exchanges[1].messages[-1]["content"])["error"]


@pytest.mark.parametrize("arguments", ["not json", "[]", '{"schedule": 5, "prompt": "x"}', '{"schedule": "x"}'])
async def test_a_proposal_that_cannot_be_read_twice_is_told_honestly(house: House, arguments: str) -> None:
    """No third call, no job, no error."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(tool=("propose_automation", arguments))
        [text] = await tell(house, chat, ann, "remind me")
        assert text.startswith(say("model.unscheduled", why="")[:30])
        assert len(model.exchanges) == CALLS
        assert buttons(last(house, chat)) == {}
    assert jobs(house) == []


async def test_the_persons_whole_request_is_a_schedule_too(house: House) -> None:
    """It is read as what they say to the bot is, in each language; the thing comes from there, unless it is given."""
    async with talking(house):
        ann, chat = house.chat()
        for request, thing in {
            "remind me every day at 18:00 to stretch": "daily at 18:00 (UTC): “stretch”?",
            "erinnere mich jeden tag um 9 an die Blumen": "daily at 09:00 (UTC): “die Blumen”?",
        }.items():
            [*_, text] = await tell(house, chat, ann, request)
            assert text.startswith(f"Shall I, {thing}")


@pytest.mark.parametrize("schedule", ["daily 18:00", "tomorrow at 9", "remind me at 9"])
async def test_a_proposal_of_nothing_is_none(house: House, schedule: str) -> None:
    """Somebody has to say what is to be done; the model hears so, and nothing is proposed."""
    async with talking(house) as model:
        ann, chat = house.chat()
        model.otherwise = Answer(tool=("propose_automation", json.dumps({"schedule": schedule, "prompt": " "})))
        await tell(house, chat, ann, "remind me")
        heard = json.loads(model.exchanges[1].messages[-1]["content"])
    assert heard == {"error": say("schedule.no_time.no_thing")}
    assert house.rows("SELECT count(*) FROM polar_proposals") == [(0,)]


async def test_an_anonymous_writer_is_offered_no_proposal(house: House) -> None:
    """There is nobody whom it could belong to; a model that calls the tool all the same is not heard."""
    async with talking(house) as model:
        ann = house.world.person("Ann")
        group = house.world.group("Friends", [ann])
        model.order(Answer(tool=PROPOSAL))
        house.world.say_as_chat(group, group, "@polar_test_bot remind us")
        await idle(house, updates=1)
        assert "tools" not in model.exchanges[0].request
    assert texts(house, group) == [say("model.empty")]
    assert house.rows("SELECT count(*) FROM polar_proposals") == [(0,)]
