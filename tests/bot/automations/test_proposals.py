"""“Remind me …” proposes an automation; only a person's yes makes one."""

from __future__ import annotations

from typing import Any

import pytest

from bot.responders.local import Local
from middleware.turn import Button, Reply, Turn
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.pressing import buttons, last, press, press_data


class Model:
    """A responder of one's own that proposes by the same door."""

    def __init__(self, local: Local) -> None:
        self.local = local

    async def respond(self, turn: Turn) -> Reply:
        """Always the same proposal; a silent remark where it is asked for one."""
        if turn.text == "hush":
            return Reply(text="as you like", silent=True, buttons=((Button("A", "x:a"),),))
        return await self.local.propose.automation(turn, schedule="weekly Mon,Thu 07:00", prompt=turn.text)


ASKED = "remind me every morning at 7 to stretch"


def jobs(house: House) -> list[tuple[Any, ...]]:
    """Owner, chat and text of each job."""
    return house.rows("SELECT ownerUserId, sessionId, promptTemplate FROM polar_automation_jobs")


def states(house: House) -> list[str]:
    """What became of each proposal."""
    return [row[0] for row in house.rows("SELECT status FROM polar_proposals ORDER BY createdAtMs")]


async def test_a_reminder_is_proposed_and_created_by_a_yes(house: House) -> None:
    """In the person's zone; nothing is stored before but the proposal, and the yes counts once."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        await tell(house, chat, ann, "/timezone Europe/Berlin")
        [proposal] = await tell(house, chat, ann, ASKED)
        card = last(house, chat)
        assert jobs(house) == house.rows("SELECT * FROM polar_scheduler_events") == []
        assert await press(house, chat, ann, "Create", card) == "Created."
        answer = last(house, chat)["text"]
        for again in ("Create", "No"):
            assert await press(house, chat, ann, again, card) == "You have agreed to that already."
    times = "Next: Thu 2026-11-19 07:00, Fri 2026-11-20 07:00, Sat 2026-11-21 07:00 (Europe/Berlin)."
    assert proposal == f"Shall I, daily at 07:00 (Europe/Berlin): “stretch”?\n{times}"
    assert list(buttons(card)) == ["✅ Create", "No"]
    assert answer.startswith("Created ")
    assert answer.endswith(f": daily at 07:00 (Europe/Berlin), “stretch”.\n{times}")
    assert jobs(house) == [(str(ann.id), f"telegram:chat:{chat.id}", "stretch")]
    assert len(house.rows("SELECT * FROM polar_scheduler_events")) == 1
    assert states(house) == ["approved"]


async def test_a_no_makes_nothing_and_counts_once_too(house: House) -> None:
    """It says so, and cannot be turned into a yes."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, ASKED)
        card = last(house, chat)
        assert await press(house, chat, ann, "No", card) == "All right."
        assert texts(house, chat)[-1] == "All right, I will not do that."
        assert await press(house, chat, ann, "Create", card) == "You have said no to that already."
    assert jobs(house) == []
    assert states(house) == ["declined"]


async def test_a_proposal_survives_a_restart(house: House) -> None:
    """The button works in the next process, and the reminder comes."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me in 20 minutes to check the oven")
        card = last(house, chat)
    clock.advance(seconds=600)
    async with house.bot(clock) as bot:
        assert await press(house, chat, ann, "Create", card) == "Created."
        clock.advance(seconds=600)
        bot.app.runner.wake()
        await until(lambda: "⏰ check the oven" in texts(house, chat))


async def test_two_presses_at_once_make_one_job(house: House) -> None:
    """The second one finds it decided."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, ASKED)
        card = last(house, chat)
        data = next(iter(buttons(card).values()))
        queries = [house.world.press(chat, ann, card["message_id"], data) for _ in range(3)]
        await idle(house)
        said = [house.world.answers[query]["text"] for query in queries]
    assert said == ["Created.", *["You have agreed to that already."] * 2]
    assert len(jobs(house)) == 1


async def test_only_the_one_who_was_asked_can_decide(house: House) -> None:
    """Nobody else in the group, and not from another chat."""
    async with house.bot(TestClock()):
        (ann, chat), (bob, _) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        await tell(house, group, ann, f"@polar_test_bot {ASKED}")
        card = last(house, group)
        for text in ("Create", "No"):
            assert await press(house, group, bob, text, card) == "Only who created it can do that."
        await tell(house, chat, ann, "/ping")
        data = buttons(card)["✅ Create"]
        assert await press_data(house, chat, ann, data, last(house, chat)) == "That button is out of date."
        assert states(house) == ["open"]
        assert await press(house, group, ann, "Create", card) == "Created."
    assert jobs(house) == [(str(ann.id), f"telegram:chat:{group.id}", "stretch")]


async def test_forged_data_decides_nothing(house: House) -> None:
    """It is told to be out of date."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, ASKED)
        card = last(house, chat)
        proposal_id = buttons(card)["No"].split(":")[1]
        for data in ("pr:", "pr:x", "pr:x:y", "pr::y", "pr:' OR 1=1 --:y", "pr:{}:maybe", "pr:{}"):
            assert await press_data(house, chat, ann, data.format(proposal_id), card) == "That button is out of date."
            assert states(house) == ["open"], data
    assert jobs(house) == []


async def test_a_yes_that_comes_too_late_makes_nothing(house: House) -> None:
    """Its time has passed."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        await tell(house, chat, ann, "remind me in 20 minutes to check the oven")
        clock.advance(seconds=1201)
        assert (await press(house, chat, ann, "Create")).startswith("That schedule has ended")
    assert jobs(house) == []


async def test_an_edit_of_the_text_proposes_in_place_of_the_first_proposal(house: House) -> None:
    """Whose buttons are gone; a yes makes what the text says now, and nothing else."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        message = house.world.say(chat, ann, ASKED)
        await idle(house)
        house.world.edit(chat, message, "remind me every morning at 8 to bend")
        await idle(house)
        [proposal] = texts(house, chat)
        await press(house, chat, ann, "Create")
    assert "08:00" in proposal
    assert [row[2] for row in jobs(house)] == ["bend"]
    assert states(house) == ["open", "approved"]


@pytest.mark.parametrize("prompt", ["<b>x</b>", "a | b", "{id} %s", "'; DROP TABLE polar_proposals; --"])
async def test_a_hostile_prompt_stays_a_text(house: House, prompt: str) -> None:
    """From the proposal to the job."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [proposal] = await tell(house, chat, ann, f"remind me every day at 18:00 to {prompt}")
        await press(house, chat, ann, "Create")
    assert f"“{prompt}”" in proposal
    assert [row[2] for row in jobs(house)] == [prompt]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("remind me to stretch", "I did not understand when, so no reminder was made."),
        ("remind me at 25:00 to stretch", "I did not understand when, so no reminder was made."),
        ("remind me in 0 minutes to stretch", "There is no such time."),
        ("remind me on 30 February at 8 to stretch", "There is no such day."),
        ("remind me tomorrow at 9", "I understood when, but not of what"),
        ("remind me on 2001-01-01 at 08:00 to stretch", "That time has passed."),
        (f"remind me every day at 18:00 to {'x' * 1001}", "The text may have 1000 characters"),
    ],
)
async def test_what_cannot_be_proposed_says_why(house: House, text: str, said: str) -> None:
    """Nothing is proposed; what is to be done is kept at most, until its time is told."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        [answer] = await tell(house, chat, ann, text)
    assert answer.startswith(said)
    assert house.rows("SELECT proposalId FROM polar_proposals WHERE kind = 'automation'") == []


async def test_a_memory_that_is_asked_for_in_these_words_is_recalled(house: House) -> None:
    """“Remind me what …” is a question."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, "remember that my bike is green")
        assert await tell(house, chat, ann, "remind me of my bike") == ["You told me:\n• my bike is green"]


async def test_something_to_do_is_no_question_for_a_memory(house: House) -> None:
    """Whatever was remembered: nothing was set up, and that is said."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        await tell(house, chat, ann, "remember that my passport is in the drawer")
        [answer] = await tell(house, chat, ann, "remind me to renew my passport")
    assert answer.startswith("I did not understand when, so no reminder was made.")


async def test_who_writes_anonymously_is_proposed_nothing(house: House) -> None:
    """A proposal needs a person who decides."""
    async with house.bot(TestClock()):
        ann, _ = house.chat()
        group = house.world.group("Friends", [ann])
        house.world.say_as_chat(group, group, f"@polar_test_bot {ASKED}")
        await idle(house)
    assert texts(house, group) == ["I can only remind somebody whom I know, and you write anonymously."]
    assert states(house) == []


async def test_a_responder_of_ones_own_proposes_by_the_same_door(house: House) -> None:
    """And what else a reply can carry arrives as it was made."""
    async with house.bot(
        TestClock(), responder="tests.bot.automations.test_proposals:Model", feedback_buttons="always"
    ):
        ann, chat = house.chat()
        [proposal] = await tell(house, chat, ann, "run")
        assert await press(house, chat, ann, "Create") == "Created."
        await tell(house, chat, ann, "hush")
    assert proposal.startswith("Shall I, weekly on Mon and Thu at 07:00 (UTC): “run”?\nNext: ")
    assert [row[2] for row in jobs(house)] == ["run"]
    assert buttons(last(house, chat)) == {"A": "x:a"}
    assert last(house, chat)["text"] == "as you like"
    assert [call.params.get("disable_notification") for call in house.world.calls if call.method == "sendMessage"][-1]
