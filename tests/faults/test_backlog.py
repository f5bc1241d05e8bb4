"""However many answers wait, in however many chats: control is handled at once, and what waits costs nothing."""

from __future__ import annotations

import asyncio

import pytest

from bot.sending.status import ROOM, StatusDisplay
from emulator import Chat, Person
from middleware.texts import say
from tests.house import House, until
from tests.looking import awake, idle, reactions, texts
from tests.responders import ECHO, HANGING

pytestmark = pytest.mark.slow

CHATS, EACH = 260, 8
SLOTS = 16


def write_to_all(house: House, chats: int = CHATS) -> list[tuple[Person, Chat]]:
    """Everybody writes something that hangs, again and again."""
    people = [house.chat(f"P{number}") for number in range(chats)]
    for turn in range(EACH):
        for person, chat in people:
            house.world.say(chat, person, f"hang {turn}")
    return people


def lanes() -> int:
    """How many updates are in hand."""
    return sum(1 for task in asyncio.all_tasks() if task.get_name().startswith("lane "))


def pending(house: House) -> int:
    """How many updates are not finished."""
    count: int = house.rows("SELECT count(*) FROM polar_updates WHERE status = 'pending'")[0][0]
    return count


async def test_control_is_handled_while_answers_wait_in_hundreds_of_chats(house: House) -> None:
    """A command, a reaction and /stop, of those who wait and of those who do not; again after a restart."""
    people = write_to_all(house)
    for start in range(2):
        async with house.bot(responder=HANGING, answer_slots=SLOTS, shutdown_seconds=0.1):
            await awake(house)
            await until(lambda: lanes() == SLOTS and pending(house) >= CHATS * EACH - start)  # noqa: B023
            ann, chat = house.chat(f"Ann {start}")
            house.world.say(chat, ann, "/ping")
            await house.world.wait(lambda: texts(house, chat) == ["pong"])  # noqa: B023
            house.world.react(chat, ann, house.world.sent(chat)[0]["message_id"], "👍")
            await until(lambda: len(reactions(house)) == start + 1)  # noqa: B023
            ben, waiting = people[-1 - start]
            house.world.say(waiting, ben, "/stop")
            await house.world.wait(lambda: len(house.world.sent(waiting)) == 1)  # noqa: B023
            assert lanes() <= SLOTS


@pytest.mark.usefixtures("engine")
async def test_all_that_waited_is_answered_in_order(house: House) -> None:
    """Once answers are made again, by whichever process."""
    people = write_to_all(house, 2 * SLOTS)
    async with house.bot(responder=HANGING, answer_slots=SLOTS, shutdown_seconds=0.1):
        await until(lambda: pending(house) == len(people) * EACH)
    async with house.bot(responder=ECHO, answer_slots=SLOTS):
        await idle(house)
    expected = [f"echo: hang {turn}" for turn in range(EACH)]
    assert [texts(house, chat) for _, chat in people] == [expected] * len(people)


async def test_what_waits_has_no_task_of_its_own_for_being_seen(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only as many of those who wait are kept as may be shown, however many there are."""
    shown: list[str] = []
    note = StatusDisplay.note

    def count(display: StatusDisplay, session_id: str, message_ids: list[int], state: str) -> None:
        if state == "received":
            shown.append(session_id)
        note(display, session_id, message_ids, state)  # type: ignore[arg-type]

    monkeypatch.setattr(StatusDisplay, "note", count)
    async with house.bot(responder=HANGING, answer_slots=SLOTS, status_reactions=True, shutdown_seconds=0.1):
        await awake(house)
        before = len(asyncio.all_tasks())
        write_to_all(house)
        await until(lambda: pending(house) == CHATS * EACH and lanes() == SLOTS)
        ann, chat = house.chat()
        house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: texts(house, chat) == ["pong"])
        assert len(asyncio.all_tasks()) < before + 5 * SLOTS
    assert len(shown) == ROOM


@pytest.mark.usefixtures("engine")
async def test_nobody_waits_for_what_waits_for_its_next_try(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds neither a slot nor a task, in however many chats."""
    monkeypatch.setattr("bot.receiving.processor.FIRST_DELAY_S", 3600.0)
    failing = [house.chat(f"F{number}") for number in range(3 * SLOTS)]
    async with house.bot(responder="tests.responders:Failing", answer_slots=SLOTS):
        for person, chat in failing:
            house.world.say(chat, person, "fail")
        ann, chat = house.chat()
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: texts(house, chat) == ["echo: hello"])
        await until(lambda: lanes() == 0)
        await until(lambda: house.rows("SELECT sum(attempts) FROM polar_updates") == [(3 * SLOTS,)])
    assert say("turn.apology") not in [text for _, other in failing for text in texts(house, other)]
