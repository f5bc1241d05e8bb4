"""A bot that lives on does not grow without end, and loses nothing that anybody needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.run import Running
from emulator import World
from storage import pruning
from tests.automating import create, pass_time
from tests.bot.cli.terminal import polar, printed
from tests.clocks import TestClock
from tests.house import CHECKOUT, TOKEN, House, standing, until
from tests.looking import awake, idle, reactions, tell
from tests.responders import ECHO
from tests.second import program

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("engine")]

DAY_S = 86_400
KINDS = ("updates", "audit", "deliveries", "run_log", "dead", "proposals", "messages")
TERMS = {f"keep_{kind}_days": 3 for kind in KINDS}
GROWING = (
    "polar_audit",
    "polar_delivery_queue",
    "polar_message_revisions",
    "polar_messages",
    "polar_scheduler_run_log",
    "polar_updates",
)
_ORPHANS = """
SELECT count(*) FROM polar_message_revisions AS revision WHERE NOT EXISTS (
  SELECT 1 FROM polar_messages AS message WHERE message.deliveryId = revision.deliveryId
    OR message.sessionId = revision.sessionId AND message.telegramMessageId = revision.telegramMessageId)
"""
_AUDIT = """
WITH RECURSIVE number (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM number WHERE n < :last)
INSERT INTO polar_audit (turnId, attempt, kind, sessionId, userId, outcome, reason, durationMs, createdAtMs)
SELECT CAST(n AS TEXT), 1, 'message', 's', '7', 'answered', :reason, 1, :at FROM number
"""


@pytest.fixture
def clock() -> TestClock:
    """Time, for Telegram."""
    return TestClock()


@pytest.fixture
async def house(tmp_path: Path, clock: TestClock) -> AsyncIterator[House]:
    """A house in which a day is as short as a test wants."""
    start = time.monotonic()
    # Its own seconds pass too, as it limits what is sent to a chat in one.
    world = World(token=TOKEN, username="polar_test_bot", clock=lambda: clock() / 1000 + time.monotonic() - start)
    async with standing(world, tmp_path) as house:
        yield house


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest four updates stay, and slices have four rows."""
    monkeypatch.setattr(pruning, "NEWEST_UPDATES", 4)
    monkeypatch.setattr(pruning, "ROWS", 4)


async def prune(house: House, bot: Running) -> None:
    """All that is due now; at no instant is there a former text that erasure would not find."""
    while await bot.app.pruner.unit():
        assert house.rows(_ORPHANS) == [(0,)]


def counts(house: House) -> list[int]:
    """Rows of each table that has a term."""
    return [house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in GROWING]


def totals(house: House) -> list[tuple[int, ...]]:
    """What pages and metrics count by: the daily totals, and the ledgers."""
    return house.rows(
        "SELECT (SELECT sum(count) FROM polar_daily_messages), (SELECT sum(count) FROM polar_daily_turns), "
        "(SELECT sum(count) FROM polar_daily_sends), (SELECT sum(count) FROM polar_daily_runs), "
        "(SELECT count(*) FROM polar_feedback_events), (SELECT count(*) FROM polar_run_events)"
    )


@pytest.mark.usefixtures("few")
async def test_the_tables_of_a_bot_that_lives_on_become_flat(house: House, clock: TestClock) -> None:
    """With all terms three days: from the fifth day on as many rows come as go, and no total changes when they go."""
    async with house.bot(clock, responder=ECHO, **TERMS) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, "every 24 hours")
        days = []
        for day in range(9):
            said = house.world.say(chat, ann, "how are you?")
            await idle(house)
            house.world.edit(chat, said, "how are you today?")
            await idle(house)
            await pass_time(house, bot, clock, seconds=DAY_S, runs=day + 1)
            await tell(house, chat, ann, "/whoami")
            before = totals(house)
            await prune(house, bot)
            assert totals(house) == before
            days.append(counts(house))
    assert days[4:] == [days[4]] * 5
    assert all(first < last for first, last in zip(days[0], days[4], strict=True))


async def test_a_clock_that_leaps_ten_years_ahead_makes_nothing_old(
    house: House, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is ahead at a start, and goes on being so while people write."""
    monkeypatch.setattr(pruning, "NEWEST_UPDATES", 0)
    own = TestClock()
    async with house.bot(own, responder=ECHO, **TERMS) as bot:
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        before = counts(house)
        own.advance(seconds=3650 * DAY_S)
        await prune(house, bot)
        assert counts(house) == before
    async with house.bot(own, responder=ECHO, **TERMS) as bot:
        await tell(house, chat, ann, "hello again")
        before = counts(house)
        await prune(house, bot)
        assert counts(house) == before
        # Only Telegram's time makes old what was written by the right one.
        clock.advance(seconds=4 * DAY_S)
        await tell(house, chat, ann, "and again")
        await prune(house, bot)
    left = house.rows("SELECT text FROM polar_messages WHERE role = 'user' ORDER BY sequence")
    assert left == [("hello again",), ("and again",)]


@pytest.mark.usefixtures("few")
async def test_a_reaction_is_taken_back_from_the_message_that_has_it(house: House, clock: TestClock) -> None:
    """However long ago that was, although its text is gone."""
    async with house.bot(clock, responder=ECHO, **TERMS) as bot:
        await awake(house)
        ann, chat = house.chat()
        await tell(house, chat, ann, "a secret")
        answer = house.world.sent(chat)[-1]["message_id"]
        house.world.react(chat, ann, answer, "👍")
        await idle(house)
        for _ in range(2):
            clock.advance(seconds=5 * DAY_S)
            await tell(house, chat, ann, "/whoami")
            await prune(house, bot)
        assert house.rows("SELECT count(*) FROM polar_messages WHERE text LIKE '%secret%'") == [(0,)]
        house.world.react(chat, ann, answer)
        await idle(house)
    added, removed = reactions(house)
    assert (added.type, removed.type) == ("reaction_added", "reaction_removed")
    assert added.message_id == removed.message_id == f"msg_a_{answer}"
    assert "unresolved" not in removed.payload


def fill(house: House, clock: TestClock, *, rows: int) -> None:
    """A bot's database with this many turns of long ago."""
    with program(house.location) as opened:
        opened.execute(_AUDIT, {"last": rows - 1, "reason": "r" * 500, "at": clock() - 1000 * 86_400_000})


async def test_pruning_that_is_killed_goes_on_where_it_was(
    house: House, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What had gone is gone, all else is there, and the database is whole."""
    monkeypatch.setattr("bot.cli.database.PAUSE_S", 0)  # of who goes on, in this process
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
    fill(house, clock, rows=10_000)
    count = "SELECT count(*) FROM polar_audit"
    [(before,)] = house.rows(count)
    process = await asyncio.create_subprocess_exec(
        *house.command("db", "prune"), cwd=CHECKOUT, env=house.environment(), stdout=asyncio.subprocess.DEVNULL
    )
    await until(lambda: house.rows(count)[0][0] < before)
    process.kill()
    await process.wait()
    [(left,)] = house.rows(count)
    assert 1 < left < before
    settings = {"database": house.location}
    assert polar("db", "check", **settings).exit_code == 0
    preview = printed(polar("db", "prune", "--dry-run", "--json", **settings))
    assert preview["rows"]["polar_audit"] == left - 1
    assert printed(polar("db", "prune", "--json", **settings))["rows"] == preview["rows"]
    assert house.rows(count) == [(1,)]


async def test_people_are_answered_while_somebody_prunes_by_hand(house: House, clock: TestClock) -> None:
    """The bot gets its turn between small commits, and is refused nothing."""
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        await tell(house, chat, ann, "hello")
        fill(house, clock, rows=4_000)
        by_hand = asyncio.create_task(asyncio.to_thread(polar, "db", "prune", "--json", database=house.location))
        answered = 0
        while not by_hand.done():
            await tell(house, chat, ann, f"question {answered}")
            answered += 1
        assert printed(await by_hand)["rows"]["polar_audit"] == 4_000
        assert answered > 5
    assert house.rows("SELECT count(*) FROM polar_messages WHERE role = 'assistant'") == [(answered + 1,)]
