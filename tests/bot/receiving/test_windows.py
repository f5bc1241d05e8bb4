"""What waits for more to join it: by name, each its own window, and nothing that need not."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.clock import system_clock
from bot.receiving import processor
from bot.receiving.processor import ROOM
from bot.supervised import Tasks
from storage.errors import ExpectationFailed
from storage.ids import lane_of
from tests.bot.receiving.bench import SLOTS, bench, message, tasks
from tests.house import until
from tests.pending import RECEIVED, expected_turns
from tests.storage.files import plain

WINDOW_MS = 20


async def test_who_is_waited_for_has_no_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits by name, and begins when the window is over, with what has joined it; nothing is read for that."""
    started: list[str] = []
    start = Tasks.start

    def noted(self: Tasks[str], key: str, work: Callable[[], Awaitable[None]], *, name: str) -> None:
        started.append(key)
        start(self, key, work, name=name)

    monkeypatch.setattr(Tasks, "start", noted)
    chats = range(1, 6 * SLOTS)
    async with bench(tmp_path, merge_window_ms=50) as made:
        await made.calm.wait()
        made.answers_may_end.set()
        await made.receive(*[message(chat, chat) for chat in chats], *[message(100 + chat, chat) for chat in chats])
        await until(lambda: len(made.ended) == len(chats))
        assert sorted(made.ended) == [(chat, 100 + chat) for chat in chats]
        assert sorted(started) == sorted(lane_of(chat, None, "answer") for chat in chats)
        assert (made.journal.bodies_taken, made.journal.looks_behind) == (0, 0)


async def test_what_follows_one_in_hand_waits_for_its_own_window(tmp_path: Path) -> None:
    """An edit waits for none, and the message behind it in its chat does."""
    async with bench(tmp_path, merge_window_ms=3_600_000) as made:
        await made.receive(replace(message(1, 1), kind="edited_message"))
        await until(lambda: made.begun == [(1,)])
        await made.receive(message(2, 1))
        made.answers_may_end.set()
        await until(lambda: made.ended == [(1,)] and tasks() == 0)
        await made.receive(message(3, 1, "control"))
        await until(lambda: (3,) in made.ended)
        assert made.begun == [(1,), (3,)]


async def test_an_answer_to_an_album_waits_for_nothing(tmp_path: Path) -> None:
    """Without a window only an album is waited for, and not what quotes a picture of one."""
    quoted = {"message_id": 1, "chat": {"id": 1}, "media_group_id": "a", "caption": "x"}
    content = {"message_id": 2, "chat": {"id": 1}, "from": {"id": 7}, "text": "x", "reply_to_message": quoted}
    quoting = json.dumps({"update_id": 1, "message": content}, separators=(",", ":")).encode()
    async with bench(tmp_path) as made:
        await made.calm.wait()
        await made.receive(replace(message(1, 1), body=quoting))
        assert tasks() == 1


async def test_what_was_taken_apart_waits_for_no_second_window(tmp_path: Path) -> None:
    """It was together with others whose window is over, and its own one is not."""

    def refuse() -> None:
        if made.begun == [(1, 2)]:
            raise ExpectationFailed("", 1, 0)

    both = [message(1, 1), message(2, 1)]
    async with bench(tmp_path, merge_window_ms=3_600_000, received=both, each_s=1_801) as made:
        made.on_begin = refuse
        made.answers_may_end.set()
        await until(lambda: made.ended == [(1,), (2,)])


@pytest.mark.parametrize("room", [0, 20_000, ROOM])
async def test_under_any_load_the_turns_are_those_of_the_stored_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """Where few chats are told apart, some come in again, and the next come in while the last are being journalled."""
    monkeypatch.setattr(processor, "ANSWERS_AHEAD", 2)
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    said = 0
    async with bench(tmp_path, merge_window_ms=WINDOW_MS, room=room, slots=2, clock=system_clock()) as made:
        coming = []
        for _ in range(80):
            numbers = range(said + 1, said + 1 + chance.randint(1, 5))
            again = [message(chance.randint(1, said), 1)] if said and chance.random() < 0.3 else []
            said = numbers[-1]
            received = [*again, *(message(number, chance.randint(1, 8)) for number in numbers)]
            coming.append(asyncio.create_task(made.receive(*received)))
            if chance.random() < 0.2:
                chance.choice((made.answers_may_end.set, made.answers_may_end.clear))()
            if chance.random() < 0.5:
                await asyncio.sleep(chance.uniform(0, WINDOW_MS / 4000))  # the random instant itself
        await asyncio.gather(*coming)
        made.answers_may_end.set()
        await until(lambda: sum(map(len, made.ended)) == said)
        with plain(Path(made.database.label)) as database:
            expected = expected_turns(database.execute(RECEIVED).fetchall(), WINDOW_MS)
        assert sorted(made.ended) == sorted(tuple(update_id for _, update_id, *_ in turn) for turn in expected)
