"""The process is killed at random instants; nothing is lost, nothing doubled."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from emulator import Chat, Person, Server, World
from tests.house import TOKEN, House, until
from tests.killing import arrivals, end, finished, kill, start, start_asking
from tests.responders import SLOW_ECHO

pytestmark = pytest.mark.slow

LEAST_KILLS = {"sqlite": (30, 10), "postgres": (8, 3)}
"""With an update unfinished, and between a send and its receipt; a server has less to lose, as it is not killed."""
MAX_KILLS = 150
CHATS = 6
FLOW = 80
"""Messages and reactions that arrive between two kills."""
LIFE_S = 0.4
"""How long a process lives at the most, once it has asked for updates."""
SAID = "polar_delivery_queue AS d JOIN polar_messages AS m USING (deliveryId)"
DOUBTED = f"SELECT substr(m.text, 7) FROM {SAID} WHERE d.ambiguous > 0"


class Stream:
    """Messages, reactions and presses from people who write faster than the bot is up."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.random = random.Random(seed)
        self.people: list[tuple[Person, Chat]] = [house.chat(f"P{n}") for n in range(CHATS)]
        self.said = 0
        self.flows = 0
        self.messages: dict[int, list[int]] = {chat.id: [] for _, chat in self.people}

    def flow(self) -> None:
        """Send some more."""
        world = self.house.world
        self.flows += 1
        for _ in range(FLOW):
            person, chat = self.random.choice(self.people)
            known = self.messages[chat.id]
            if known and self.random.random() < 0.4:
                world.react(chat, person, self.random.choice(known), self.random.choice(["👍", "👎", "🔥"]))
            else:
                known.append(world.say(chat, person, f"message {self.said}"))
                self.said += 1


async def test_killed_at_random_instants_every_update_is_done_once_and_every_reply_sent(
    house: House, engine: str, tmp_path: Path
) -> None:
    """At least 30 kills with an update unfinished and 10 between a send and its receipt; rows as without kills.

    Those rows are a file's, whatever the engine.
    """
    unfinished_kills, cut_kills = LEAST_KILLS[engine]
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    stream, world, chance = Stream(house, seed), house.world, random.Random(seed)
    unfinished = cut = kills = 0
    settings = {"responder": SLOW_ECHO}
    while (unfinished < unfinished_kills or cut < cut_kills) and kills < MAX_KILLS:
        process = await start_asking(house, **settings)
        world.fault("sendMessage", "slow", times=None, seconds=0.03)
        stream.flow()
        await asyncio.sleep(chance.uniform(0, LIFE_S))  # the random instant itself
        # A send that is cut a second time is failed, as nobody can know any more; that has a test of its own.
        await until(lambda: not house.rows(DOUBTED + " AND status <> 'sent'"))
        await kill(process)
        world.clear_faults()
        kills += 1
        unfinished += bool(house.rows("SELECT 1 FROM polar_updates WHERE status = 'pending' LIMIT 1"))
        cut += bool(cut_sends(house))
    assert unfinished >= unfinished_kills
    assert cut >= cut_kills
    print(f"{kills} kills, {unfinished} with an update unfinished, {cut} between a send and its receipt")
    process = await start(house, **settings)
    await world.wait(lambda: world.updates_pending() == 0, timeout=60)
    await finished(house)
    assert await end(process) == 0
    check_whole(house, stream)
    await compare_with_a_quiet_run(house, tmp_path, seed, stream)


def cut_sends(house: House) -> list[str]:
    """Deliveries that Telegram has and the database does not know of."""
    sending = house.rows("SELECT json_extract(payload, '$.text') FROM polar_delivery_queue WHERE status = 'sending'")
    arrived = {message["text"] for message in house.world.sent()}
    return [text for (text,) in sending if text in arrived]


def check_whole(house: House, stream: Stream) -> None:
    """Every update done once, every event once, every reply delivered, duplicates only where a send was cut."""
    assert house.rows("SELECT status, count(*) FROM polar_updates GROUP BY status") == [
        ("done", house.rows("SELECT count(*) FROM polar_updates")[0][0])
    ]
    users = house.rows("SELECT text FROM polar_messages WHERE role = 'user'")
    assert sorted(users) == sorted((f"message {n}",) for n in range(stream.said))
    assert house.rows("SELECT DISTINCT status FROM polar_delivery_queue") == [("sent",)]
    assert house.rows("SELECT count(*) FROM polar_messages WHERE telegramMessageId IS NULL") == [(0,)]
    arrived = arrivals(house)
    assert set(arrived) == {f"message {n}" for n in range(stream.said)}
    marked = arrivals(house, only_marked=True)
    doubted = {text for (text,) in house.rows(DOUBTED)}
    assert {text for text, count in arrived.items() if count > 1} <= set(marked) == doubted
    assert max(marked.values(), default=0) == 1


async def compare_with_a_quiet_run(house: House, tmp_path: Path, seed: int, killed: Stream) -> None:
    """The same stream, handled by a process that nobody kills, leaves the same rows."""
    quiet_world = World(token=TOKEN, username="polar_test_bot")
    folder = tmp_path / "quiet"
    folder.mkdir()
    async with Server(quiet_world) as server:
        quiet = House(world=quiet_world, server=server, folder=folder)
        stream = Stream(quiet, seed)
        process = await start_asking(quiet, responder=SLOW_ECHO)
        for _ in range(killed.flows):
            stream.flow()
        await quiet_world.wait(lambda: len(quiet_world.sent()) == stream.said, timeout=120)
        await quiet_world.wait(lambda: quiet_world.updates_pending() == 0, timeout=30)
        await finished(quiet)
        assert await end(process) == 0
        assert rows_by_meaning(house) == rows_by_meaning(quiet)


def rows_by_meaning(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that a kill must not change, without ids that the two Telegrams count differently."""
    order = {
        chat: n
        for n, (chat,) in enumerate(
            house.rows("SELECT sessionId FROM polar_messages GROUP BY sessionId ORDER BY sessionId")
        )
    }
    messages = house.rows("SELECT sessionId, role, kind, text FROM polar_messages ORDER BY text, role")
    feedback = house.rows(
        "SELECT e.sessionId, e.type, e.emoji, e.polarity, m.text, "
        "json_extract(e.payload, '$.via'), json_extract(e.payload, '$.unresolved') "
        "FROM polar_feedback_events e LEFT JOIN polar_messages m USING (sessionId, messageId)"
    )
    deliveries = house.rows(f"SELECT d.sessionId, m.text FROM {SAID}")
    audit = house.rows("SELECT sessionId, kind, outcome FROM polar_audit")
    tables = {"messages": messages, "feedback": feedback, "deliveries": deliveries, "audit": audit}
    return {name: sorted(((order[row[0]], *row[1:]) for row in rows), key=repr) for name, rows in tables.items()}
