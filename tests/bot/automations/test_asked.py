"""A time that may be several is asked about, with a button for each; one that is told only in part names the rest."""

from __future__ import annotations

from typing import Any

import pytest

from bot.responders.local import Local
from middleware.turn import Reply, Turn
from tests.clocks import TestClock
from tests.house import House
from tests.looking import tell
from tests.pressing import buttons, last, press, press_data

# The clock of the tests stands on Wednesday, 18 November 2026.


def jobs(house: House) -> list[tuple[Any, ...]]:
    """Schedule and text of each job."""
    return house.rows("SELECT schedule, promptTemplate FROM polar_automation_jobs ORDER BY createdAtMs")


async def test_a_reminder_without_a_time_of_day_asks_which(house: House) -> None:
    """The press creates it, once; and its text is whole."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [asked] = await tell(house, chat, ann, "remind me on friday to call mum")
        card = last(house, chat)
        assert jobs(house) == []
        assert await press(house, chat, ann, "Fri 2026-11-20 12:00", card) == "Created."
        assert await press(house, chat, ann, "Fri 2026-11-20 09:00", card) == "You have agreed to that already."
    assert asked == "When do you mean (times of UTC)? “call mum”"
    times = ["Fri 2026-11-20 09:00", "Fri 2026-11-20 12:00", "Fri 2026-11-20 18:00"]
    assert list(buttons(card)) == [*times, "No"]
    assert jobs(house) == [("DTSTART:20261120T120000Z\nRRULE:FREQ=DAILY;COUNT=1", "call mum")]


async def test_a_no_makes_nothing(house: House) -> None:
    """Whatever was offered."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me on friday to call mum")
        assert await press(house, chat, ann, "No") == "All right."
    assert jobs(house) == []


async def test_a_place_that_was_not_offered_is_nothing(house: House) -> None:
    """Clients can send anything."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me on friday to call mum")
        card = last(house, chat)
        [first, *_] = buttons(card).values()
        data = first.removesuffix("y") + "9"
        assert (await press_data(house, chat, ann, data, card)).startswith("That button is out of date")
    assert jobs(house) == []


async def test_a_command_asks_as_well(house: House) -> None:
    """To create a job, and to give one another schedule: the same job, which keeps its id."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/automations create next friday at 9 | call mum")
        await press(house, chat, ann, "Fri 2026-11-27 09:00")
        [(job_id,)] = house.rows("SELECT id FROM polar_automation_jobs")
        await tell(house, chat, ann, f"/automations edit {job_id} every monday at 6 | call dad")
        assert jobs(house)[0][1] == "call mum"
        assert await press(house, chat, ann, "weekly on Mon at 18:00 (UTC)") == "Changed."
    assert jobs(house) == [("DTSTART:20261123T180000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO", "call dad")]
    assert house.rows("SELECT id FROM polar_automation_jobs") == [(job_id,)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("every monday at 9", "weekly on Mon at 09:00 (UTC)"),
        ("every other day at 8", "every 2 days at 08:00 (UTC)"),
        ("jeden Montag um 9", "weekly on Mon at 09:00 (UTC)"),
        ("first monday of every month at 9", "every month on the first Mon at 09:00 (UTC)"),
        ("every day", "daily at 09:00 (UTC); nobody said a time of day, so 09:00 is assumed"),
        ("every day at 9 until Dec 24", "every day at 09:00, until 2026-12-24 (UTC)"),
    ],
)
async def test_a_preview_is_in_words(house: House, written: str, said: str) -> None:
    """With weekdays, dates and the zone of what comes next, and nothing that nobody says."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, f"/automations preview {written}")
    schedule, times, _ = answer.splitlines()
    assert schedule == said
    assert times.startswith("Next: ")
    assert times.count("2026-") == 3 or "first" in said
    assert "FREQ" not in answer


async def test_a_single_instant_is_told_once(house: House) -> None:
    """To the minute, with its weekday; no “next” says it again, in a preview, a question, or of what is created."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [preview] = await tell(house, chat, ann, "/automations preview tomorrow at 18:00")
        [created] = await tell(house, chat, ann, "/automations create once 2026-12-24 08:00 | wake up")
        [asked] = await tell(house, chat, ann, "remind me in 61 minutes to stretch")
    assert preview == "on Thu 2026-11-19 at 18:00 (UTC)\nNothing is created yet."
    assert created.partition(": ")[2] == "on Thu 2026-12-24 at 08:00 (UTC), “wake up”."
    assert asked == "Shall I, on Wed 2026-11-18 at 12:07 (UTC): “stretch”?"


async def test_a_preview_of_what_may_be_several_names_them(house: House) -> None:
    """As something that can be written."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, "/automations preview next friday at 9")
    assert "“once 2026-11-20 09:00” or “once 2026-11-27 09:00”" in answer


@pytest.mark.parametrize("text", ["/automations create every day | stretch", "remind me every day to stretch"])
async def test_a_time_of_day_that_nobody_said_is_named(house: House, text: str) -> None:
    """Before or with what is created."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, text)
    assert "obody said a time of day, so 09:00 is assumed" in answer


class Model:
    """A responder that proposes in words."""

    def __init__(self, local: Local) -> None:
        self.local = local

    async def respond(self, turn: Turn) -> Reply:
        """By what was written."""
        return await self.local.propose.automation(turn, schedule=turn.text, prompt="stretch")


async def test_a_model_proposes_by_the_same_words(house: House) -> None:
    """What is clear is proposed, what is not is asked."""
    async with house.bot(TestClock(), responder=f"{__name__}:Model"):
        ann, chat = house.chat()
        [clear] = await tell(house, chat, ann, "every second friday at 15:00")
        [unclear] = await tell(house, chat, ann, "next friday at 15:00")
    assert clear.startswith("Shall I, every 2 weeks on Fri at 15:00 (UTC): “stretch”?")
    assert unclear == "When do you mean (times of UTC)? “stretch”"


@pytest.mark.parametrize(
    ("said", "when", "asked"),
    [
        ("remind me to stretch", "tomorrow at 9", "Shall I, on Thu 2026-11-19 at 09:00 (UTC): “stretch”?"),
        ("remind me of my bike", "in 2 hours", "Shall I, on Wed 2026-11-18 at 13:06 (UTC): “my bike”?"),
        ("remind me on Feb 30 to pay", "on friday", "When do you mean (times of UTC)? “pay”"),
        ("erinnere mich an die Blumen", "jeden Montag um 8", "Shall I, weekly on Mon at 08:00 (UTC): “die Blumen”?"),
        ("remind me to run every day until the exam", "every day at 9", None),
    ],
)
async def test_the_time_that_was_asked_for_may_be_said_alone(
    house: House, said: str, when: str, asked: str | None
) -> None:
    """It is joined with what is to be done, also after a restart; not where its words would be of another time."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        [refused] = await tell(house, chat, ann, said)
        assert "I do understand" in refused
    async with house.bot(clock):
        [answer] = await tell(house, chat, ann, when)
        [again] = await tell(house, chat, ann, when)
    assert answer.splitlines()[0] == (asked or again.splitlines()[0])
    assert "No language model" in again


async def test_a_time_of_another_person_is_not_joined(house: House) -> None:
    """Nor of the same one in another chat."""
    async with house.bot(TestClock()):
        (ann, chat), (bob, _) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        await tell(house, group, ann, "@polar_test_bot remind me to stretch")
        assert (await tell(house, group, bob, "@polar_test_bot at 18:00"))[0].startswith("No language model")
        assert (await tell(house, chat, ann, "at 18:00"))[0].startswith("No language model")
        assert (await tell(house, group, ann, "@polar_test_bot at 18:00"))[0].startswith("Shall I")


async def test_a_time_in_another_topic_is_not_joined(house: House) -> None:
    """Each is a conversation."""
    async with house.bot(TestClock()):
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        one, other = house.world.topic(forum, "One"), house.world.topic(forum, "Other")
        await tell(house, forum, ann, "@polar_test_bot remind me to stretch", topic=one)
        assert (await tell(house, forum, ann, "@polar_test_bot at 18:00", topic=other))[0].startswith("No language")
        assert (await tell(house, forum, ann, "@polar_test_bot at 18:00", topic=one))[0].startswith("Shall I")


async def test_a_time_is_joined_within_minutes(house: House) -> None:
    """A wrong one goes on being asked for; what comes late, or after a whole reminder, is joined with nothing."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me to stretch")
        assert (await tell(house, chat, ann, "on Feb 30 at 9"))[0].startswith("There is no such day")
        assert (await tell(house, chat, ann, "thanks"))[0].startswith("No language model")
        assert (await tell(house, chat, ann, "at 18:00"))[0].startswith("Shall I")
        await tell(house, chat, ann, "remind me to stretch")
        await tell(house, chat, ann, "remind me to run at 18:00")
        assert (await tell(house, chat, ann, "at 19:00"))[0].startswith("No language model")
        await tell(house, chat, ann, "remind me to stretch")
        clock.advance(seconds=11 * 60)
        assert (await tell(house, chat, ann, "at 18:00"))[0].startswith("No language model")
    assert jobs(house) == []
