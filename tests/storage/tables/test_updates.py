"""The journal of updates: nothing twice, nothing lost, each step guarded."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from storage.database import Database
from storage.errors import ExpectationFailed
from storage.ids import Side
from storage.location import Location
from storage.tables.updates import Entry, Received, Updates, batch, kept, kept_new, new_batch
from storage.views.queue_counts import QueueCounts
from tests.second import rows
from tests.storage.files import NOW_MS

ROW = "SELECT updateId, sequence, status, lane, body, attempts, reason, receivedAtMs, finishedAtMs FROM polar_updates"

YEAR_MS = 365 * 86_400_000


def received(
    update_id: int, *, lane: str = "1::control", body: bytes = b"{}", mark: str | None = "message:1"
) -> Received:
    """An update as it arrived."""
    return Received(
        update_id=update_id,
        kind="message",
        lane=lane,
        session_id="telegram:chat:1",
        telegram_message_id=update_id + 1000,
        body=body,
        mark=mark,
    )


async def pending(updates: Updates, side: Side = "control", *, after: int = 0, limit: int = 10) -> list[Entry]:
    """What the journal lists of one side."""
    return (await updates.list_pending(side, after=after, limit=limit))[1]


@pytest.fixture
def updates(database: Database) -> Updates:
    """The journal of a new database."""
    return Updates(database)


async def test_a_new_journal_is_empty(updates: Updates) -> None:
    """Its last sequence is 0 and nothing is pending."""
    assert await updates.last_sequence() == 0
    assert await updates.first_pending() is None
    assert await pending(updates) == []


async def test_an_update_that_comes_twice_in_a_batch_is_journaled_once(database: Database, updates: Updates) -> None:
    """Each by a statement of its own then: no statement of PostgreSQL's may come upon a row of its own."""
    arrived = [received(i) for i in (1, 2, 1, 3, 4)]
    statements = batch(arrived, now_ms=NOW_MS)
    assert len(statements) == len(arrived)
    added = kept(arrived, await database.commit(*statements), now_ms=NOW_MS)
    assert added is not None and [entry.update_id for entry in added.entries] == [1, 2, 3, 4]
    assert await pending(updates) == list(added.entries)


async def test_what_a_batch_has_added_is_known_without_reading_it(database: Database, updates: Updates) -> None:
    """However many they are; what was known already is left out and takes no sequence."""
    await database.commit(*batch([received(i) for i in (1, 50, 85)], now_ms=NOW_MS))
    arrived = [received(i) for i in range(1, 90)]
    added = kept(arrived, await database.commit(*batch(arrived, now_ms=NOW_MS)), now_ms=NOW_MS)
    assert added is not None
    assert added.behind == 3
    assert list(added.entries) == await pending(updates, after=3, limit=100)
    assert [entry.sequence for entry in added.entries] == list(range(4, 90))
    assert kept(arrived, await database.commit(*batch(arrived, now_ms=NOW_MS)), now_ms=NOW_MS) is None


@pytest.mark.parametrize("count", [1, 2, 99, 100, 143])
async def test_of_a_batch_of_new_ones_one_number_comes_back(database: Database, updates: Updates, count: int) -> None:
    """The last sequence, from which all of them follow, in the order in which they arrived and not of their ids."""
    await database.commit(*batch([received(1000 + i) for i in range(3)], now_ms=NOW_MS))
    arrived = [received(i * 37 % 997) for i in range(1, count + 1)]
    answers = await database.commit(*new_batch(arrived, now_ms=NOW_MS))
    assert [len(rows) for rows in answers] == [*[0] * (len(answers) - 1), 1]
    added = kept_new(arrived, answers, now_ms=NOW_MS)
    assert added.behind == 3
    assert list(added.entries) == await pending(updates, after=3, limit=200)


@pytest.mark.parametrize("ids", [(1, 2, 3), (4, 5, 4)], ids=["known", "twice"])
async def test_where_one_is_known_a_batch_of_new_ones_is_void(
    database: Database, updates: Updates, ids: tuple[int, ...]
) -> None:
    """Nothing of it is there, so that it can be journalled as one of which some are known."""
    await database.commit(*batch([received(3)], now_ms=NOW_MS))
    with pytest.raises(ExpectationFailed):
        await database.commit(*new_batch([received(i) for i in ids], now_ms=NOW_MS))
    assert [entry.update_id for entry in await pending(updates)] == [3]


async def test_updates_come_back_in_order_of_arrival(database: Database, updates: Updates) -> None:
    """Whatever their ids are; what lies behind a sequence and no more than asked for."""
    await database.commit(*batch([received(i) for i in (30, 10, 20, -5)], now_ms=NOW_MS))
    entries = await pending(updates)
    assert [(e.update_id, e.sequence) for e in entries] == [(30, 1), (10, 2), (20, 3), (-5, 4)]
    assert [e.update_id for e in await pending(updates, after=1, limit=2)] == [10, 20]
    assert await updates.last_sequence() == 4
    assert await updates.first_pending() == 1
    first = entries[0]
    assert (first.kind, first.lane, first.session_id, first.telegram_message_id, first.body, first.received_at_ms) == (
        "message",
        "1::control",
        "telegram:chat:1",
        1030,
        b"{}",
        NOW_MS,
    )


async def test_the_next_of_lanes_is_the_first_unfinished_one_behind_a_sequence(
    database: Database, updates: Updates
) -> None:
    """Of each lane that is asked for, whole; nothing of a lane that has none."""
    found = [received(i, lane=lane) for i, lane in enumerate(["a", "b", "a", "b", "a"])]
    await database.commit(*batch(found, now_ms=NOW_MS))
    await database.commit(updates.finish(0, 1, now_ms=NOW_MS), updates.finish(3, 4, now_ms=NOW_MS))
    entries = await updates.list_next([("a", 0), ("b", 2), ("c", 0)])
    assert [(e.sequence, e.body) for e in entries] == [(3, b"{}")]
    assert [e.sequence for e in await updates.list_next([("b", 1), ("a", 3)])] == [2, 5]
    assert await updates.first_pending() == 2


async def test_each_side_is_listed_by_itself(database: Database, updates: Updates) -> None:
    """With the highest sequence of all, also where nothing of that side is pending; without bodies if not wanted."""
    assert await updates.list_pending("control", after=0, limit=10) == (0, [])
    lanes = ["1::answer", "1::control", "2::answer", ":: control"]
    await database.commit(*batch([received(i, lane=lane) for i, lane in enumerate(lanes)], now_ms=NOW_MS))
    reach, entries = await updates.list_pending("answer", after=0, limit=10, is_whole=False)
    assert (reach, [(e.sequence, e.body) for e in entries]) == (4, [(1, b""), (3, b"")])
    assert [e.sequence for e in await pending(updates, "control")] == [2, 4]
    assert await updates.list_pending("answer", after=3, limit=10) == (4, [])


async def test_looking_behind_an_update_sees_what_was_handed_over_before(database: Database, updates: Updates) -> None:
    """Of its lane, in order, no more than asked for: the writer takes it in its turn."""
    await database.commit(*batch([received(1, lane="a")], now_ms=NOW_MS))
    [first] = await pending(updates, limit=1)
    later = [received(n, lane=lane) for n, lane in ((2, "b"), (3, "a"), (4, "a"), (5, "a"))]
    handed_over = asyncio.ensure_future(database.commit(*batch(later, now_ms=NOW_MS)))
    await asyncio.sleep(0)  # now it waits for the writer
    [found] = await database.commit(updates.look_behind(first, limit=2))
    await handed_over
    assert [Entry.from_row(row).update_id for row in found] == [3, 4]
    assert [entry.update_id for entry in await updates.list_behind(first, limit=2)] == [3, 4]


@pytest.mark.parametrize(("mark", "again"), [("message:1", "message:1"), (None, "message:1"), ("message:1", None)])
async def test_an_id_seen_before_changes_nothing(
    database: Database, updates: Updates, location: Location, mark: str | None, again: str | None
) -> None:
    """Pending, done or dead: a redelivered update keeps the row it has, whenever it comes; a missing mark is any."""
    await database.commit(*batch([received(i, mark=mark) for i in (1, 2, 3)], now_ms=NOW_MS))
    await database.commit(
        updates.finish(2, 2, now_ms=NOW_MS), updates.set_aside(3, 3, attempt=3, reason="no", now_ms=NOW_MS)
    )
    before = rows(location, ROW)
    redelivered = [received(i, lane="other", body=b"again", mark=again) for i in (1, 2, 3)]
    await database.commit(*batch(redelivered, now_ms=NOW_MS + YEAR_MS))
    assert rows(location, ROW) == before


@pytest.mark.parametrize("end", ["finish", "set_aside"])
async def test_a_finished_id_with_another_mark_is_another_update(
    database: Database, updates: Updates, location: Location, end: str
) -> None:
    """It is journalled anew, if our clock went back too: pending, with a new sequence, untried, its end forgotten."""
    await database.commit(updates.add(received(1), now_ms=NOW_MS))
    await database.commit(
        updates.finish(1, 1, now_ms=NOW_MS)
        if end == "finish"
        else updates.set_aside(1, 1, attempt=3, reason="no", now_ms=NOW_MS)
    )
    another = received(1, lane="new", body=b"new", mark="message:2")
    await database.commit(updates.add(another, now_ms=NOW_MS - 1))
    assert rows(location, ROW) == [(1, 2, "pending", "new", b"new", 0, None, NOW_MS - 1, None)]
    await database.commit(updates.finish(1, 2, now_ms=NOW_MS), updates.add(another, now_ms=NOW_MS))
    assert await QueueCounts(database).of_updates() == {"done": 2 if end == "finish" else 1}


async def test_a_pending_update_is_never_overwritten(database: Database, updates: Updates, location: Location) -> None:
    """However old it is, and whatever comes: it was not handled yet."""
    await database.commit(updates.add(received(1), now_ms=NOW_MS))
    before = rows(location, ROW)
    await database.commit(updates.add(received(1, body=b"new", mark="message:2"), now_ms=NOW_MS + YEAR_MS))
    assert rows(location, ROW) == before


async def test_a_claim_counts_tries(database: Database, updates: Updates) -> None:
    """Each gives the number of its try back."""
    await database.commit(updates.add(received(1), now_ms=NOW_MS))
    [entry] = await pending(updates, limit=1)
    assert entry.attempts == 0
    for attempt in (1, 2, 3):
        [[row]] = await database.commit(updates.claim(entry))
        assert row[0] == attempt
    assert [e.attempts for e in await pending(updates, limit=1)] == [3]


async def test_a_finished_update_keeps_no_body(database: Database, updates: Updates, location: Location) -> None:
    """Done: the raw text is cleared and the time noted."""
    await database.commit(updates.add(received(1, body=b"secret"), now_ms=NOW_MS))
    await database.commit(updates.finish(1, 1, now_ms=NOW_MS + 5))
    assert rows(location, ROW) == [(1, 1, "done", "1::control", None, 0, None, NOW_MS, NOW_MS + 5)]
    assert await QueueCounts(database).of_updates() == {"done": 1}


async def test_an_update_that_is_set_aside_keeps_its_body(
    database: Database, updates: Updates, location: Location
) -> None:
    """Dead: with reason and tries, for whoever looks into it; it is no longer pending."""
    await database.commit(updates.add(received(1, body=b"odd"), now_ms=NOW_MS))
    await database.commit(updates.set_aside(1, 1, attempt=3, reason="too odd", now_ms=NOW_MS + 5))
    assert rows(location, ROW) == [(1, 1, "dead", "1::control", b"odd", 3, "too odd", NOW_MS, NOW_MS + 5)]
    assert await pending(updates) == []


async def test_a_failed_try_leaves_the_update_pending(database: Database, updates: Updates, location: Location) -> None:
    """Only the number of the try is noted."""
    await database.commit(updates.add(received(1), now_ms=NOW_MS))
    await database.commit(updates.fail(1, 1, attempt=2))
    assert rows(location, ROW) == [(1, 1, "pending", "1::control", b"{}", 2, None, NOW_MS, None)]


@pytest.mark.parametrize("state", ["done", "dead", "another sequence", "absent"])
async def test_every_step_is_guarded(database: Database, updates: Updates, location: Location, state: str) -> None:
    """Claim, fail, finish and set aside void their unit unless this very update is pending."""
    if state != "absent":
        await database.commit(updates.add(received(1), now_ms=NOW_MS))
        [entry] = await pending(updates, limit=1)
    if state == "done":
        await database.commit(updates.finish(1, 1, now_ms=NOW_MS))
    elif state == "dead":
        await database.commit(updates.set_aside(1, 1, attempt=3, reason="no", now_ms=NOW_MS))
    sequence = 2 if state == "another sequence" else 1
    before = rows(location, ROW)
    if state != "absent":
        with pytest.raises(ExpectationFailed):
            await database.commit(updates.claim(replace(entry, sequence=sequence)))
    for step in (
        updates.fail(1, sequence, attempt=1),
        updates.finish(1, sequence, now_ms=NOW_MS),
        updates.set_aside(1, sequence, attempt=1, reason="no", now_ms=NOW_MS),
    ):
        with pytest.raises(ExpectationFailed):
            await database.commit(step)
    assert rows(location, ROW) == before
