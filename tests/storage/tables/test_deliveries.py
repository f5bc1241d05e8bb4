"""The delivery queue: in order, one at a time, and every step known to the database."""

from __future__ import annotations

from pathlib import Path

import pytest

from middleware.replies.outbox import ANSWER
from storage.database import Database
from storage.delivery import Delivery
from storage.errors import ExpectationFailed, StatementFailed
from storage.location import Location
from storage.payloads import EditMessageText, Payload, SendDocument, SendMessage, UnknownPayload
from storage.statement import Statement
from storage.tables.deliveries import APART, Deliveries
from storage.views.queue_counts import QueueCounts
from tests.second import rows
from tests.storage import ON_SQLITE
from tests.storage.files import NOW_MS
from tests.storage.plans import plan
from tests.storage.sending import S, drained

ROW = "SELECT deliveryId, status, attempts, ambiguous, reason, updatedAtMs FROM polar_delivery_queue ORDER BY sequence"


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    """The queue of a new database."""
    return Deliveries(database)


def add(
    deliveries: Deliveries,
    delivery_id: str,
    *,
    session: str = S,
    reply: str | None = None,
    head_start: int = 0,
    part: int = 0,
    asked_by: str | None = None,
) -> Statement:
    """One call, queued."""
    return deliveries.add(
        delivery_id=delivery_id,
        session_id=session,
        payload=SendMessage(text=delivery_id),
        reply_id=reply or f"reply of {delivery_id}",
        head_start=head_start,
        part=part,
        asked_by=asked_by,
        now_ms=NOW_MS,
    )


async def following(deliveries: Deliveries, session: str = S) -> Delivery:
    """What is to be sent now."""
    found = next(iter(await deliveries.list_next(session)), None)
    assert found is not None
    return found


async def claimed(database: Database, deliveries: Deliveries) -> Delivery:
    """The next row, its call under way."""
    delivery = await following(deliveries)
    await database.commit(deliveries.claim(delivery, now_ms=NOW_MS + 1))
    return await following(deliveries)


async def test_rows_of_a_session_go_out_in_the_order_in_which_they_were_queued(
    database: Database, deliveries: Deliveries
) -> None:
    """Also those of one unit; other sessions have orders of their own."""
    await database.commit(
        add(deliveries, "a"), add(deliveries, "other", session="telegram:chat:2"), add(deliveries, "b")
    )
    await database.commit(add(deliveries, "c"))
    sent = []
    while delivery := next(iter(await deliveries.list_next(S)), None):
        sent.append(delivery.delivery_id)
        await database.commit(
            deliveries.claim(delivery, now_ms=NOW_MS), deliveries.finish(delivery, reason=None, now_ms=NOW_MS)
        )
    assert sent == ["a", "b", "c"]
    assert await deliveries.sessions_waiting() == ["telegram:chat:2"]
    assert await QueueCounts(database).of_deliveries() == {"sent": 3, "pending": 1}


async def test_a_row_comes_back_as_it_was_queued(database: Database, deliveries: Deliveries) -> None:
    """Payload, reply, rank; not tried yet."""
    await database.commit(add(deliveries, "a", reply="r", head_start=3))
    assert await following(deliveries) == Delivery(
        delivery_id="a",
        session_id=S,
        stored='{"method":"sendMessage","text":"a"}',
        payload=SendMessage(text="a"),
        status="pending",
        sequence=1,
        reply_id="r",
        rank=-2,
        attempts=0,
        ambiguous=0,
        created_at_ms=NOW_MS,
    )


async def test_who_has_a_head_start_goes_first(database: Database, deliveries: Deliveries) -> None:
    """Within a session, before what was queued up to so many calls earlier; equal ones stay in order."""
    await database.commit(add(deliveries, "slow"), add(deliveries, "a", head_start=10))
    await database.commit(add(deliveries, "b", head_start=10), add(deliveries, "now", head_start=20))
    assert await drained(database, deliveries) == ["now", "a", "b", "slow"]


async def test_nothing_waits_for_ever(database: Database, deliveries: Deliveries) -> None:
    """Of a flood of what is more urgent, no more goes before it than the head start says."""
    flood = [add(deliveries, f"answer {n}", head_start=10) for n in range(30)]
    await database.commit(*flood[:5], add(deliveries, "reminder"), *flood[5:])
    sent = await drained(database, deliveries)
    assert sent.index("reminder") == 5 + 10 - 1
    assert sorted(sent) == sorted([*(f"answer {n}" for n in range(30)), "reminder"])


async def test_the_rank_is_one_for_all_parts_of_a_reply(
    database: Database, deliveries: Deliveries, location: Location
) -> None:
    """And stays what it was when the reply was queued."""
    parts = [add(deliveries, f"r{n}", reply="r", head_start=10, part=n) for n in range(3)]
    await database.commit(add(deliveries, "first"), *parts)
    await database.commit(deliveries.claim(await following(deliveries), now_ms=NOW_MS))
    ranks = rows(location, "SELECT replyId, rank FROM polar_delivery_queue ORDER BY sequence")
    assert ranks == [("reply of first", 1), ("r", -8), ("r", -8), ("r", -8)]


async def test_a_further_reply_to_somebody_stands_behind_everybodys_first(
    database: Database, deliveries: Deliveries, location: Location
) -> None:
    """As long as an earlier one to them waits in the same chat; one person's keep their order, and their parts."""

    def ask(name: str, person: str, *, session: str = S, part: int = 0) -> Statement:
        reply = name if part else None
        return add(deliveries, name, session=session, reply=reply, head_start=ANSWER, part=part, asked_by=person)

    await database.commit(
        *[ask(f"ann {n}", "1") for n in range(5)], ask("bob", "2"), ask("elsewhere", "1", session="t")
    )
    await database.commit(ask("cid", "3"), ask("cid's second part", "3", part=1), ask("ann 5", "1"))
    ranks = dict(rows(location, "SELECT deliveryId, rank + ? - sequence FROM polar_delivery_queue", ANSWER))
    assert [ranks[name] for name in ("ann 0", "bob", "elsewhere", "cid")] == [0, 0, 0, 0]
    assert ranks["cid's second part"] == -1, "the same rank as the first part"
    sent = await drained(database, deliveries)
    assert sent == ["ann 0", "bob", "cid", "cid's second part", *(f"ann {n}" for n in range(1, 6))]
    await database.commit(ask("ann 6", "1"))
    [(rank, sequence)] = rows(location, "SELECT rank, sequence FROM polar_delivery_queue WHERE deliveryId = 'ann 6'")
    assert sequence - rank == ANSWER, "nothing of hers waits any more"


async def test_however_many_somebody_waits_for_none_stands_behind_what_is_queued_later(
    database: Database, deliveries: Deliveries, location: Location
) -> None:
    """At the least there is no head start; so nothing waits for ever."""
    many = [add(deliveries, f"{n}", head_start=ANSWER, asked_by="1") for n in range(150)]
    await database.commit(*many, add(deliveries, "reminder"))
    starts = [
        start for (start,) in rows(location, "SELECT sequence - rank FROM polar_delivery_queue ORDER BY sequence")
    ]
    assert starts[:3] == [ANSWER, ANSWER + 1 - APART, ANSWER + 2 * (1 - APART)]
    assert starts[149] == starts[150] == 0
    assert (await drained(database, deliveries))[-1] == "reminder"


@ON_SQLITE
async def test_the_last_one_that_somebody_waits_for_is_one_step_away(database: Database, path: Path) -> None:
    """However much waits in the chat."""
    queued = add(Deliveries(database), "d", asked_by="1")
    steps = [step for step in plan(path, queued.sql, queued.params) if "polar_delivery_queue" in step]
    assert steps
    assert all(
        step == "SEARCH polar_delivery_queue USING INDEX polar_delivery_asked (sessionId=? AND askedBy=?)"
        for step in steps
    )


async def test_nothing_goes_between_the_parts_of_a_reply_that_has_begun(
    database: Database, deliveries: Deliveries
) -> None:
    """Not even what is more urgent than all of it; what comes in before its first part is claimed goes before it."""
    await database.commit(*(add(deliveries, f"r{n}", reply="r", part=n) for n in range(3)))
    await database.commit(add(deliveries, "before", head_start=100))
    first = await following(deliveries)
    await database.commit(deliveries.claim(first, now_ms=NOW_MS), deliveries.finish(first, reason=None, now_ms=NOW_MS))
    begun = await following(deliveries)
    await database.commit(deliveries.claim(begun, now_ms=NOW_MS), deliveries.begin(begun))
    await database.commit(add(deliveries, "urgent", head_start=1000))
    await database.commit(deliveries.put_back(begun, reason="429", now_ms=NOW_MS))
    assert [first.delivery_id, *(await drained(database, deliveries))] == ["before", "r0", "r1", "r2", "urgent"]


async def test_what_is_in_flight_comes_before_anything_else(database: Database, deliveries: Deliveries) -> None:
    """Even when something more urgent is queued meanwhile; one call at a time."""
    await database.commit(add(deliveries, "a"))
    assert (await claimed(database, deliveries)).status == "sending"
    await database.commit(add(deliveries, "urgent", head_start=1000))
    assert (await following(deliveries)).delivery_id == "a"


async def test_a_claim_counts_and_is_taken_once(database: Database, deliveries: Deliveries, location: Location) -> None:
    """A second claim of the same row voids its unit."""
    await database.commit(add(deliveries, "a"))
    delivery = await following(deliveries)
    await database.commit(deliveries.claim(delivery, now_ms=NOW_MS + 1))
    with pytest.raises(ExpectationFailed):
        await database.commit(deliveries.claim(delivery, now_ms=NOW_MS + 2))
    assert rows(location, ROW) == [("a", "sending", 1, 0, None, NOW_MS + 1)]


async def test_finish_fail_and_put_back_need_a_row_in_flight(
    database: Database, deliveries: Deliveries, location: Location
) -> None:
    """A row that is pending, sent or failed is not moved; nothing in the same unit is either."""
    await database.commit(add(deliveries, "a"), add(deliveries, "b"))
    pending = await following(deliveries)
    sent = await claimed(database, deliveries)
    await database.commit(deliveries.finish(sent, reason=None, now_ms=NOW_MS))
    for delivery in (await following(deliveries), sent, pending):
        before = rows(location, ROW)
        for unit in (
            (deliveries.finish(delivery, reason=None, now_ms=NOW_MS),),
            deliveries.fail(delivery, reason="no", now_ms=NOW_MS),
            (deliveries.put_back(delivery, reason="no", now_ms=NOW_MS),),
        ):
            with pytest.raises(ExpectationFailed):
                await database.commit(*unit)
        assert rows(location, ROW) == before


async def test_a_failure_takes_the_later_parts_of_the_same_reply_along(
    database: Database, deliveries: Deliveries, location: Location
) -> None:
    """Not the earlier ones, which were sent, and no other reply's."""
    await database.commit(
        *[add(deliveries, f"r{i}", reply="r", part=i) for i in range(4)], add(deliveries, "s", reply="s")
    )
    await database.commit(deliveries.finish(await claimed(database, deliveries), reason=None, now_ms=NOW_MS + 2))
    failing = await claimed(database, deliveries)
    await database.commit(*deliveries.fail(failing, reason="chat not found", now_ms=NOW_MS + 3))
    assert rows(location, ROW) == [
        ("r0", "sent", 1, 0, None, NOW_MS + 2),
        ("r1", "failed", 1, 0, "chat not found", NOW_MS + 3),
        ("r2", "failed", 0, 0, "an earlier part failed", NOW_MS + 3),
        ("r3", "failed", 0, 0, "an earlier part failed", NOW_MS + 3),
        ("s", "pending", 0, 0, None, NOW_MS),
    ]


async def test_a_row_that_is_put_back_is_the_next_again(
    database: Database, deliveries: Deliveries, location: Location
) -> None:
    """Before what was queued behind it; tries whose effect nobody knows are counted apart."""
    await database.commit(add(deliveries, "a"), add(deliveries, "b"))
    for ambiguous in (False, True, True):
        delivery = await claimed(database, deliveries)
        await database.commit(deliveries.put_back(delivery, reason="later", now_ms=NOW_MS + 4, ambiguous=ambiguous))
    delivery = await following(deliveries)
    assert (delivery.delivery_id, delivery.attempts, delivery.ambiguous) == ("a", 3, 2)
    assert rows(location, ROW)[0] == ("a", "pending", 3, 2, "later", NOW_MS + 4)


async def test_a_call_can_be_given_other_parameters(database: Database, deliveries: Deliveries) -> None:
    """Of a row that exists; everything else stays."""
    await database.commit(add(deliveries, "a"), add(deliveries, "b"))
    delivery = await following(deliveries)
    await database.commit(deliveries.rewrite(delivery, SendMessage(text="other")))
    assert (await following(deliveries)).payload == SendMessage(text="other")
    assert (await following(deliveries)).delivery_id == "a"


async def test_a_delivery_is_queued_once(database: Database, deliveries: Deliveries) -> None:
    """A second row with the same id voids the unit that holds it."""
    await database.commit(add(deliveries, "a"))
    with pytest.raises(StatementFailed):
        await database.commit(add(deliveries, "b"), add(deliveries, "a"))
    assert await QueueCounts(database).of_deliveries() == {"pending": 1}


async def test_what_is_queued_once_stays_as_it_was(database: Database, deliveries: Deliveries) -> None:
    """A placeholder that is committed again, after a crash, changes nothing."""
    for text in ("first", "second"):
        await database.commit(
            deliveries.add(
                delivery_id="a",
                session_id=S,
                payload=SendMessage(text=text),
                reply_id="a",
                head_start=0,
                now_ms=1,
                once=True,
            )
        )
    found = await deliveries.find("a")
    assert found is not None
    assert found.payload == SendMessage(text="first")
    assert await deliveries.find("b") is None


@pytest.mark.parametrize("other", [EditMessageText(text="a", target="b"), SendMessage(text="b")])
async def test_only_another_method_is_another_call(database: Database, deliveries: Deliveries, other: Payload) -> None:
    """What is not known of the former one says nothing about it."""
    await database.commit(add(deliveries, "a"))
    delivery = await claimed(database, deliveries)
    await database.commit(
        deliveries.put_back(delivery, reason="later", now_ms=NOW_MS, ambiguous=True),
        deliveries.rewrite(delivery, other),
    )
    assert (await following(deliveries)).ambiguous == int(isinstance(other, SendMessage))


@pytest.mark.parametrize("end", ["finish", "fail"])
async def test_what_a_call_says_is_kept_until_it_was_made(
    database: Database, deliveries: Deliveries, location: Location, end: str
) -> None:
    """When it failed, it and the parts behind it may be tried again."""
    file = SendDocument(text="", name="a.txt", size=3, content="abc")
    for name in ("a", "b"):
        await database.commit(
            deliveries.add(delivery_id=name, session_id=S, payload=file, reply_id="r", head_start=0, now_ms=1)
        )
    for _ in range(2 if end == "finish" else 1):
        delivery = await claimed(database, deliveries)
        if end == "finish":
            await database.commit(deliveries.finish(delivery, reason=None, now_ms=2))
        else:
            await database.commit(*deliveries.fail(delivery, reason="no", now_ms=2))
    whole = '{"content":"abc","method":"sendDocument","name":"a.txt","size":3,"text":""}'
    kept = whole if end == "fail" else '{"method":"sendDocument","size":3}'
    assert rows(location, "SELECT payload FROM polar_delivery_queue") == [(kept,), (kept,)]


@pytest.mark.parametrize("stored", ["no JSON", "null", '{"method":"sendHologram","content":"abc"}', "[" * 100_000])
async def test_a_row_that_nobody_can_read_ends_like_any_other(
    database: Database, deliveries: Deliveries, location: Location, stored: str
) -> None:
    """With the reason, and with the parts behind it, so that what follows them goes out."""
    await database.commit(
        *[add(deliveries, name, reply="r", part=n) for n, name in enumerate("ab")], add(deliveries, "c")
    )
    await database.commit(Statement("UPDATE polar_delivery_queue SET payload = ? WHERE deliveryId <> 'c'", (stored,)))
    delivery = await claimed(database, deliveries)
    assert isinstance(delivery.payload, UnknownPayload)
    await database.commit(*deliveries.fail(delivery, reason=str(delivery.payload.why), now_ms=2))
    assert (await following(deliveries)).delivery_id == "c"
    assert [row[1] for row in rows(location, ROW)] == ["failed", "failed", "pending"]
