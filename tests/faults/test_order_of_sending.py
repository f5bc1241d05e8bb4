"""What goes out next, when much is queued, something more urgent comes in, and processes end in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.sending.answers import Receipt
from bot.sending.calls import Calls
from emulator import Chat
from middleware.replies.outbox import ANSWER, SCHEDULED
from storage.database import Database
from storage.delivery import Delivery
from storage.location import Location
from storage.payloads import SendMessage
from storage.statement import Parameters
from storage.tables.deliveries import Deliveries
from tests.automating import HOUR, create
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import awake, idle, texts
from tests.responders import ECHO, LONG
from tests.second import program
from tests.storage.files import NOW_MS, plain
from tests.storage.plans import asked, plan

pytestmark = pytest.mark.slow

S = "telegram:chat:1"
MANY = 50_000
_FLOOD = """
WITH RECURSIVE number (n) AS (SELECT :first UNION ALL SELECT n + 1 FROM number WHERE n < :last)
INSERT INTO polar_delivery_queue
  (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, sequence, replyId, rank)
SELECT 'flood ' || n, :session, 'telegram', '{"method":"sendMessage","text":"' || n || '"}', 'pending', 0, 0, n,
  'flood ' || n, n - :head_start FROM number
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database file is, or will be."""
    return tmp_path / "polar-system.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    """A new database, open until the test ends."""
    opened = await Database.open(path, now_ms=NOW_MS)
    yield opened
    await opened.close()


def flood(location: Location, session: str, first: int, last: int, *, head_start: int = SCHEDULED) -> None:
    """Queue calls with these sequences in a chat, as the bot does."""
    values = {"session": session, "first": first, "last": last, "head_start": head_start}
    with program(location) as opened:
        opened.execute(_FLOOD, values)


def session(chat: Chat) -> str:
    """The session of a chat."""
    return f"telegram:chat:{chat.id}"


def machine_steps(path: Path, sql: str, params: Parameters) -> int:
    """How many instructions SQLite needs for a query: rows visited, and no time."""
    count = 0

    def tick() -> int:
        nonlocal count
        count += 1
        return 0

    with plain(path) as connection:
        connection.set_progress_handler(tick, 1)
        assert len(connection.execute(sql, params).fetchall()) == 1
    return count


async def test_what_is_next_is_found_at_the_same_cost_however_much_is_queued(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 50,000 calls in one chat one row is visited, the first of an index."""
    query = await asked(database, lambda db: Deliveries(db).list_next(S), monkeypatch)
    assert plan(path, query.sql, query.params) == [
        "SEARCH polar_delivery_queue USING INDEX polar_delivery_open (sessionId=?)"
    ]
    flood(path, S, 1, 2)
    few = machine_steps(path, query.sql, query.params)
    flood(path, S, 3, MANY)
    assert machine_steps(path, query.sql, query.params) == few


async def test_what_goes_with_a_claim_and_a_failure_costs_the_same_however_much_is_queued(
    database: Database, path: Path
) -> None:
    """The other parts of a reply are found by the key of the same index."""
    add = Deliveries.add(
        delivery_id="d", session_id=S, payload=SendMessage(text=""), reply_id="d", head_start=ANSWER, now_ms=1
    )
    await database.commit(add)
    found = await Deliveries(database).find("d")
    assert found is not None
    for statement in (Deliveries.begin(found), Deliveries.fail(found, reason="", now_ms=1)[1]):
        [first, *_] = plan(path, statement.sql, statement.params)
        key = "(sessionId=? AND begun=? AND rank=? AND sequence>?)"
        assert first == f"SEARCH polar_delivery_queue USING INDEX polar_delivery_open {key}"


async def test_a_reminder_in_a_flood_of_answers_goes_out_after_a_bounded_number_of_them(
    database: Database, path: Path
) -> None:
    """However many answers are queued behind it."""
    flood(path, S, 1, 1)  # the reminder
    flood(path, S, 2, MANY, head_start=ANSWER)
    with plain(path) as connection:
        order = connection.execute(
            "SELECT deliveryId FROM polar_delivery_queue WHERE sessionId = ? ORDER BY begun DESC, rank, sequence", (S,)
        )
        before = [name for (name,) in order].index("flood 1")
    assert before == ANSWER - 1


@pytest.mark.usefixtures("engine")
async def test_it_is_looked_once_for_each_call_that_is_made(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a backlog in one chat, and nothing new."""
    async with house.bot(responder=ECHO):
        await awake(house)
    _, chat = house.chat()
    flood(house.location, session(chat), 1, 100)
    looks, look = 0, Deliveries.list_next

    async def counted(deliveries: Deliveries, session_id: str, *, limit: int) -> list[Delivery]:
        nonlocal looks
        looks += 1
        return await look(deliveries, session_id, limit=limit)

    monkeypatch.setattr(Deliveries, "list_next", counted)
    async with house.bot(responder=ECHO):
        await idle(house)
    assert texts(house, chat) == [str(n) for n in range(1, 101)]
    assert looks <= 100 + 10, "one more finds nothing, and now and then somebody tells of news"


class Gate:
    """Lets the first call to a chat be made only when it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()
        make = Calls.make

        async def wait(calls: Calls, delivery: Delivery, message_id: int | None = None) -> Receipt | None:
            if delivery.reply_id.startswith("run:"):
                self.reached.set()
                await self.open.wait()
            return await make(calls, delivery, message_id)

        monkeypatch.setattr(Calls, "make", wait)


@pytest.mark.usefixtures("engine")
async def test_an_answer_never_lands_between_the_parts_of_an_automations_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes first where nothing of the message is on its way yet, and else after all of it."""
    clock, gate = TestClock(), Gate(monkeypatch)
    async with house.bot(clock, responder=LONG) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text="10")
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        await gate.reached.wait()
        house.world.say(chat, ann, "1")
        await until(lambda: house.rows("SELECT count(*) FROM polar_delivery_queue WHERE status = 'pending'") == [(3,)])
        gate.open.set()
        await idle(house)
    _, *parts, answer = texts(house, chat)
    assert [part.split()[0] for part in parts] == ["0", "4", "8"]
    assert answer.startswith("0 x")


@pytest.mark.usefixtures("engine")
async def test_a_message_that_has_begun_is_ended_first_by_the_next_process_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That its first part went out is known to the database."""
    clock, gate = TestClock(), Gate(monkeypatch)
    async with house.bot(clock, responder=LONG) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text="10")
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        await gate.reached.wait()
        bot.app.sender.hold()
        gate.open.set()
        await house.world.wait(lambda: len(house.world.sent(chat)) == 2)
    flood(house.location, session(chat), 1_000, 1_000, head_start=ANSWER)
    async with house.bot(clock, responder=LONG):
        await idle(house)
    assert [text.split()[0] for text in texts(house, chat)[1:]] == ["0", "4", "8", "1000"]


async def test_an_answer_does_not_wait_at_the_rank_of_what_waits_for_its_chat(house: House) -> None:
    """Where a reminder of the same chat stands in a long line of reminders, the answer goes before the line."""
    async with house.bot(responder=ECHO):
        await awake(house)
    chats = [house.chat(name) for name in ("Ann", "Bob", "Cid", "Dan", "Eve")]
    for n, (_, chat) in enumerate(chats, 1):
        flood(house.location, session(chat), n, n)
    async with house.bot(responder=ECHO, send_rate_per_second=1) as bot:
        await until(lambda: bot.app.pacing.waiting == len(chats) - 1)
        eve, last = chats[-1]
        house.world.say(last, eve, "hello")
        await idle(house)
    sent = [call.params["text"] for call in house.world.calls if call.method == "sendMessage"]
    assert sent.index("echo: hello") <= 2
    assert sent[-1] == "5"
