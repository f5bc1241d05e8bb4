"""What waits costs a name a lane; control never waits for it; what a turn took is not handled again."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.receiving.arrival import Arrival
from bot.receiving.journal import Journal
from bot.receiving.lanes import BURST, Lanes, Next
from bot.receiving.processor import CONTROL_SLOTS, ROOM, Processor
from bot.receiving.quarantine import Quarantine
from bot.supervised import Supervisor
from bot.tracebacks import text_of
from storage.database import Database
from storage.erasure import CHANGES_WAITING, Erasure
from storage.ids import Side, lane_of
from storage.statement import Statement
from storage.tables.updates import Entry, Kept, Received, Updates, batch
from tests.clocks import TestClock
from tests.house import until
from tests.storage.files import plain

SLOTS = 4


def message(number: int, chat: int, side: Side = "answer") -> Received:
    """One of Ann's."""
    content = {"message_id": number, "chat": {"id": chat}, "from": {"id": 7}, "text": "x"}
    return Received(
        update_id=number,
        kind="message",
        lane=lane_of(chat, None, side),
        session_id=f"telegram:chat:{chat}",
        telegram_message_id=number,
        body=json.dumps({"update_id": number, "message": content}).encode(),
    )


class Watched(Updates):
    """A journal that counts the bodies it gives out, into which something may come just then."""

    def __init__(self, database: Database, clock: TestClock) -> None:
        super().__init__(database)
        self._database, self._clock = database, clock
        self.bodies = 0
        self.arriving: list[Received] = []

    async def list_pending(
        self, side: Side, *, after: int, limit: int, is_whole: bool = True
    ) -> tuple[int, list[Entry]]:
        """As ever."""
        reach, entries = await super().list_pending(side, after=after, limit=limit, is_whole=is_whole)
        self.bodies += sum(1 for entry in entries if entry.body)
        return reach, entries

    async def list_next(self, lanes: Sequence[tuple[str, int]]) -> list[Entry]:
        """As ever; then comes what is to come."""
        entries = await super().list_next(lanes)
        self.bodies += len(entries)
        await self._database.commit(*batch(self.arriving, now_ms=self._clock()))
        self.arriving.clear()
        return entries


class Bench:
    """A processor whose turns take as long as they are let."""

    def __init__(self, database: Database, clock: TestClock, merge_window_ms: int, room: int) -> None:
        self.database, self.clock, self.journal = database, clock, Watched(database, clock)
        self.begun: list[tuple[int, ...]] = []
        self.ended: list[tuple[int, ...]] = []
        self.on_begin: Callable[[], object] = lambda: None
        self.at_once = 0
        self.most_at_once = 0
        self.answers_may_end = asyncio.Event()
        self.calm = asyncio.Event()
        self.journal_side = Journal(database, clock)
        self.processor = Processor(
            database,
            self.journal,
            self._handle,
            self._give_up,
            tasks=Supervisor().group(),
            watcher=None,
            calm=self.calm,
            settled=self.journal_side.settled,
            clock=clock,
            traceback_of=text_of,
            answer_slots=SLOTS,
            merge_window_ms=merge_window_ms,
            room=room,
        )
        self.journal_side.watch(self.processor.note)
        database.watch(CHANGES_WAITING, self.processor.let_go)

    async def _handle(self, arrival: Arrival) -> bool:
        ids = tuple(entry.update_id for entry in arrival.entries)
        self.begun.append(ids)
        self.on_begin()
        if arrival.entries[0].lane.endswith("answer"):
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            await self.answers_may_end.wait()
            self.at_once -= 1
        await self.database.commit(*arrival.source.opening)
        self.ended.append(ids)
        return True

    @staticmethod
    async def _give_up(arrival: Arrival, dead: Sequence[Statement]) -> None:
        raise AssertionError("nothing is given up")

    async def receive(self, *received: Received) -> None:
        """Keep this, and tell."""
        await self.journal_side.keep(list(received))


@asynccontextmanager
async def bench(
    path: Path, *, merge_window_ms: int = 0, received: Sequence[Received] = (), room: int = ROOM
) -> AsyncIterator[Bench]:
    """A processor at work; what was received is in the journal before it starts."""
    clock = TestClock()
    database = await Database.open(path / "polar-system.db", now_ms=1)
    await database.commit(*batch(received, now_ms=clock()))
    made = Bench(database, clock, merge_window_ms, room)
    await made.processor.prepare()
    running = asyncio.create_task(made.processor.run())
    try:
        yield made
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await made.processor.stop(0)
        await database.close()


def tasks() -> int:
    """How many updates are in hand."""
    return sum(1 for task in asyncio.all_tasks() if task.get_name().startswith("lane "))


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

    clock, awake = TestClock(), asyncio.Event()
    database = await Database.open(tmp_path / "polar-system.db", now_ms=1)
    try:
        lanes = Lanes(
            Updates(database),
            work,
            "control",
            slots=CONTROL_SLOTS,
            ahead=0,
            room=ROOM,
            quarantine=Quarantine(awake.set),
            tasks=Supervisor().group(),
            watcher=None,
            awake=awake,
        )
        lanes.begin(cursor=0, found_at_start=0)
        await lanes.step()
        journal, kept = Journal(database, clock), list[Kept]()
        journal.watch(kept.append)
        await journal.keep([message(n, n, "control") for n in range(1, 3 * BURST + 1)])
        lanes.hand_over(*kept)
        for passes in (1, 2, 3):
            await lanes.step()
            await asyncio.sleep(0)
            assert len(begun) == passes * BURST
    finally:
        await database.close()


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
