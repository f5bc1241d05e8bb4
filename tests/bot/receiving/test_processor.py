"""What waits costs a name a lane; control never waits for it; what a turn took is not handled again."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from bot.receiving import processor
from bot.receiving.lanes import BURST, Next
from bot.receiving.processor import CONTROL_SLOTS, ROOM
from storage.erasure import Erasure
from storage.tables.updates import Entry
from tests.bot.receiving.bench import SLOTS, alone, bench, message, tasks
from tests.house import until
from tests.storage.files import plain


@pytest.mark.parametrize("room", [0, 20_000, ROOM])
async def test_as_many_tasks_are_in_hand_as_there_are_slots(tmp_path: Path, room: int) -> None:
    """However many messages wait, in however many chats; then all of them are handled, those of a chat in order.

    What waits beyond the room for it is kept by name, and read when its turn comes.
    """
    chats, each = 40, 8
    waiting = [message(turn * chats + chat, chat) for turn in range(each) for chat in range(1, chats + 1)]
    async with bench(tmp_path, room=room) as made:
        await made.calm.wait()
        await made.receive(*[message(10_000 + chat, 1000 + chat) for chat in range(SLOTS)])
        await until(lambda: len(made.begun) == SLOTS)
        before = made.journal.bodies
        await made.receive(*waiting)
        await made.receive(message(99_999, 1, "control"))
        await until(lambda: made.ended == [(99_999,)])
        assert (tasks(), made.journal.bodies - before) == (SLOTS, 0)
        made.answers_may_end.set()
        await until(lambda: len(made.ended) == chats * each + SLOTS + 1)
        assert made.most_at_once == SLOTS
        assert (made.journal.bodies > before) == (room < ROOM)
        handled = [number for (number,) in made.ended if number < 10_000]
        for chat in range(1, chats + 1):
            own = [number for number in handled if number % chats == chat % chats]
            assert own == sorted(own)


async def test_who_waits_takes_turns(tmp_path: Path) -> None:
    """A chat that wrote much is behind every other chat that waits, each time that it was answered."""
    much = [message(number, 1) for number in range(1, 10)]
    others = [message(100 + chat, 100 + chat) for chat in range(3 * SLOTS)]
    async with bench(tmp_path, received=[*much, *others]) as made:
        await until(lambda: len(made.begun) == SLOTS)
        made.answers_may_end.set()
        await until(lambda: len(made.ended) == len(much) + len(others))
        assert made.begun.index((2,)) > made.begun.index((others[-1].update_id,))


async def test_who_has_waited_longest_is_next_though_it_has_to_be_read(tmp_path: Path) -> None:
    """Each that did not begin at once is read once, also where more are read than begin within one pass."""
    count = 3 * BURST
    async with bench(tmp_path, slots=2 * BURST, room=0) as made:
        await made.calm.wait()
        made.answers_may_end.set()
        await made.receive(*[message(number, number) for number in range(1, count + 1)])
        await until(lambda: len(made.ended) == count)
        assert made.begun == [(number,) for number in range(1, count + 1)]
        assert made.journal.bodies_taken == count - BURST


async def test_control_goes_on_when_more_of_it_waits_than_there_are_slots(tmp_path: Path) -> None:
    """All of a lane in order, behind any number of answers, also those that another process left."""
    answers = [message(number, number) for number in range(1, 600)]
    presses = [message(1000 + number, number % 7, "control") for number in range(CONTROL_SLOTS + 144)]
    async with bench(tmp_path, received=[*answers, *presses[:300]]) as made:
        await made.receive(*presses[300:])
        await until(lambda: len(made.ended) == len(presses))
        for lane in range(7):
            own = [number for (number,) in made.ended if (number - 1000) % 7 == lane]
            assert own == sorted(own)
        assert tasks() == SLOTS


async def test_between_some_and_the_next_the_loop_comes_round(tmp_path: Path) -> None:
    """Else it would hear nothing, and the writer commit nothing, before all that came at once has begun."""
    passes, begun = 0, []

    async def count() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    async with bench(tmp_path) as made:
        made.on_begin = lambda: begun.append(passes)
        counting = asyncio.create_task(count())
        await made.receive(*(message(n, n, "control") for n in range(1, 5 * BURST + 1)))
        await until(lambda: len(made.ended) == 5 * BURST)
        counting.cancel()
    assert max(Counter(begun).values()) == BURST
    assert made.begun == [(n,) for n in range(1, 5 * BURST + 1)]


async def test_a_step_within_that_pass_begins_no_more(tmp_path: Path) -> None:
    """As it falls into the pass in which something was handed over, where the processor was awake already."""
    begun: list[int] = []

    async def work(entry: Entry, upcoming: Next) -> Next:
        begun.append(entry.update_id)
        return Next(lane=entry.lane, after=entry.sequence)

    async with alone(tmp_path, work, slots=4 * BURST, ahead=0) as (lanes, journal):
        await journal.keep([message(n, n) for n in range(1, 3 * BURST + 1)])
        for passes in (1, 2, 3):
            await lanes.step()
            await asyncio.sleep(0)
            assert len(begun) == passes * BURST


async def test_what_was_not_met_is_not_taken_for_nothing(tmp_path: Path) -> None:
    """Where more chats wait than are told apart, what stands behind one in its chat has to be read."""
    held: list[Entry] = []
    may_end = asyncio.Event()

    async def work(entry: Entry, upcoming: Next) -> Next:
        held.append(entry)
        await may_end.wait()
        return Next(lane=entry.lane, after=entry.sequence)

    async with alone(tmp_path, work, slots=1, ahead=1, room=0) as (lanes, journal):
        await journal.keep([message(1, 1), message(2, 2)])
        await until(lambda: bool(held))
        assert lanes.all_behind(held[0], limit=9) == []
        await journal.keep([message(3, 3), message(4, 1)])
        assert lanes.all_behind(held[0], limit=9) is None
        may_end.set()
        await until(lambda: tasks() == 0)


async def test_what_was_taken_before_it_was_met_is_not_begun(tmp_path: Path) -> None:
    """Also where it is told of only when that turn has ended; what comes behind it is."""
    begun: list[int] = []

    async def work(entry: Entry, upcoming: Next) -> Next:
        begun.append(entry.update_id)
        return Next(lane=entry.lane, after=2 if entry.sequence == 1 else entry.sequence)

    async with alone(tmp_path, work, slots=1, ahead=1) as (lanes, journal):
        await journal.keep([message(1, 1)])
        await until(lambda: begun == [1] and tasks() == 0)
        for number in (2, 3):
            await journal.keep([message(number, 1)])
            await lanes.step()
        await until(lambda: 3 in begun and tasks() == 0)
    assert begun == [1, 3]


async def test_what_was_taken_before_it_was_met_takes_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many chats have nothing but that: the journal is read on all the same."""
    monkeypatch.setattr(processor, "ANSWERS_AHEAD", 0)
    first, second = ([message(number, number % 10) for number in range(begun, begun + 3)] for begun in (1, 11))
    window_ms = 2_200_000
    async with bench(tmp_path, merge_window_ms=window_ms, received=[*first, *second], slots=1, each_s=700) as made:
        made.answers_may_end.set()
        await until(lambda: made.ended == [(1, 11), (2, 12), (3, 13)])


async def test_what_was_finished_elsewhere_is_passed_over(tmp_path: Path) -> None:
    """As by another program: what waits behind it in its lane is next, and a lane that has no more goes on later."""
    async with bench(tmp_path) as made:
        await made.receive(*[message(number, number) for number in range(1, SLOTS + 1)])
        await until(lambda: len(made.begun) == SLOTS)
        await made.receive(message(11, 7), message(12, 7), message(21, 8))
        with plain(Path(made.database.label)) as other:
            other.execute("UPDATE polar_updates SET status = 'done' WHERE updateId IN (11, 21)")
        made.answers_may_end.set()
        await until(lambda: (12,) in made.ended)
        await made.receive(message(22, 8))
        await until(lambda: (22,) in made.ended)
        assert {(11,), (21,)}.isdisjoint(made.begun)


async def test_what_was_erased_while_it_waited_is_not_begun(tmp_path: Path) -> None:
    """Here, by a commit of our own; what came in after that is handled."""
    async with bench(tmp_path) as made:
        await made.receive(*[message(number, number) for number in range(1, SLOTS + 1)])
        await until(lambda: len(made.begun) == SLOTS)
        await made.receive(message(11, 1), message(12, 12))
        await made.database.commit(*Erasure(made.database).of("7", now_ms=1))
        await made.receive(message(13, 12))
        made.answers_may_end.set()
        await until(lambda: made.ended == [(13,)])
        assert {(11,), (12,)}.isdisjoint(made.begun)


@pytest.mark.parametrize("is_done", [True, False])
async def test_what_a_turn_took_is_not_handled_again_when_the_reading_comes_to_it(
    tmp_path: Path, is_done: bool
) -> None:
    """Whether that turn is done by then or still in hand; what comes later is handled as ever."""
    async with bench(tmp_path, merge_window_ms=1, room=0) as made:
        await made.calm.wait()
        made.journal.arriving = [message(2, 1)]  # when the window of the first is over, and it is taken into hand
        await made.receive(message(1, 1))
        await until(lambda: made.begun == [(1, 2)])
        if is_done:
            made.answers_may_end.set()
            await until(lambda: tasks() == 0)
        await made.receive(message(3, 2))
        await until(lambda: (3,) in made.begun)
        made.answers_may_end.set()
        await made.receive(message(4, 1))
        await until(lambda: len(made.ended) > 2)
        assert made.begun == [(1, 2), (3,), (4,)]
