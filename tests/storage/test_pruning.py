"""How long rows are kept: what has outlived its term goes, in small slices, and nothing else does."""

from __future__ import annotations

from typing import Any

import pytest

from storage import pruning
from storage.database import Database
from storage.location import Location
from storage.pruning import FIRST, WALKS, Pruning
from storage.statement import Statement
from storage.tables.properties import KEPT_MESSAGES_DAYS, PRUNED, TELEGRAM_MS, Properties
from storage.terms import DAY_MS, Terms
from tests.second import insert, program, rows
from tests.storage.aged import ALL, TODAY, YEARS_AGO, S, audit
from tests.storage.files import NOW_MS


def update(number: int, at_ms: int, status: str = "done", **more: Any) -> dict[str, Any]:
    """A row of the journal."""
    finished = None if status == "pending" else at_ms
    row = {"updateId": number, "sequence": number, "status": status, "kind": "message", "lane": "1::answer"}
    return row | {"receivedAtMs": at_ms, "finishedAtMs": finished} | more


def delivery(number: int, at_ms: int, status: str) -> dict[str, Any]:
    """A row of the queue."""
    row = {"deliveryId": f"d{number}", "sessionId": S, "channel": "telegram", "payload": "{}", "status": status}
    return row | {"createdAtMs": at_ms, "updatedAtMs": at_ms, "sequence": number, "replyId": f"d{number}"}


def message(number: int, at_ms: int, **more: Any) -> dict[str, Any]:
    """A message of ours, as sent."""
    row = {"sequence": number, "sessionId": S, "role": "assistant", "threadKey": "root:1", "text": f"text {number}"}
    return row | {"messageId": f"msg_a_{number}", "telegramMessageId": number, "createdAtMs": at_ms} | more


def tried(run: str, at_ms: int, status: str | None, completed_ms: int | None) -> dict[str, Any]:
    """A try of a run."""
    return {"runId": run, "eventId": run, "status": status, "startedAtMs": at_ms, "completedAtMs": completed_ms}


def due(name: str, queue: str, at_ms: int) -> dict[str, Any]:
    """A row of the scheduler."""
    return {"eventId": name, "queue": queue, "sequence": at_ms, "payload": "{}", "createdAtMs": at_ms}


def proposal(name: str, at_ms: int, status: str = "open", decided_ms: int | None = None) -> dict[str, Any]:
    """Something that was proposed."""
    row = {"proposalId": name, "sessionId": S, "userId": "7", "kind": "automation", "payload": "{}"}
    return row | {"status": status, "createdAtMs": at_ms, "decidedAtMs": decided_ms}


async def prune(database: Database, terms: Terms = ALL, *, now_ms: int = NOW_MS) -> dict[str, int]:
    """Walk each table to its end, as the command does; how many rows went."""
    pruner, gone = Pruning(database, terms), {}
    for walk in pruner.walks:
        after: int | None = FIRST
        gone[walk.name] = 0
        while after is not None:
            found = await pruner.look(walk, after=after, now_ms=now_ms)
            answers = await database.commit(*pruner.drop(found)) if found.rows else [[]]
            gone[walk.name] += len(answers[0])
            after = found.next
    return gone


@pytest.fixture
def no_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    """No update stays only because it is one of the newest."""
    monkeypatch.setattr(pruning, "NEWEST_UPDATES", 0)


@pytest.mark.usefixtures("no_newest")
@pytest.mark.parametrize(
    ("table", "key", "given", "left"),
    [
        (
            "polar_updates",
            "updateId",
            [
                update(1, YEARS_AGO),
                update(2, YEARS_AGO, "pending"),
                update(3, YEARS_AGO, "dead"),
                update(4, NOW_MS - 80 * DAY_MS, "dead"),
                update(5, NOW_MS - 80 * DAY_MS),
                update(6, NOW_MS - 8 * DAY_MS, finishedAtMs=NOW_MS - 6 * DAY_MS),
                update(7, NOW_MS - 6 * DAY_MS),
            ],
            [2, 4, 6, 7],
        ),
        ("polar_audit", "turnId", [audit(1, YEARS_AGO), audit(2, NOW_MS - 89 * DAY_MS)], ["t2"]),
        (
            "polar_delivery_queue",
            "deliveryId",
            [
                delivery(1, YEARS_AGO, "sent"),
                delivery(2, YEARS_AGO, "failed"),
                delivery(3, YEARS_AGO, "pending"),
                delivery(4, YEARS_AGO, "sending"),
                delivery(5, NOW_MS - 80 * DAY_MS, "failed"),
                delivery(6, NOW_MS - 80 * DAY_MS, "sent"),
                delivery(7, NOW_MS - 29 * DAY_MS, "sent"),
            ],
            ["d3", "d4", "d5", "d7"],
        ),
        (
            "polar_scheduler_run_log",
            "runId",
            [
                tried("a#1", YEARS_AGO, "executed", YEARS_AGO),
                tried("b#1", YEARS_AGO, "running", None),
                tried("c#1", YEARS_AGO, "interrupted", None),
                tried("d#1", YEARS_AGO, None, None),
                tried("e#1", YEARS_AGO, "failed", TODAY),
            ],
            ["b#1", "e#1"],
        ),
        (
            "polar_scheduler_events",
            "eventId || queue",
            [
                due("old", "dead_letter", YEARS_AGO) | {"sequence": 2},
                due("old", "scheduled", YEARS_AGO),
                due("old", "retry", YEARS_AGO),
                due("old", "processed", YEARS_AGO),
                due("counted", "dead_letter", TODAY) | {"sequence": 3},
                due("new", "dead_letter", TODAY),
            ],
            ["counteddead_letter", "newdead_letter", "oldprocessed", "oldretry", "oldscheduled"],
        ),
        (
            "polar_proposals",
            "proposalId",
            [
                proposal("lapsed", YEARS_AGO),
                proposal("declined", YEARS_AGO, "declined", YEARS_AGO),
                proposal("late", YEARS_AGO, "approved", TODAY),
                proposal("new", TODAY),
            ],
            ["late", "new"],
        ),
        (
            "polar_stop_marks",
            "turnId",
            [{"turnId": "a", "createdAtMs": YEARS_AGO}, {"turnId": "b", "createdAtMs": TODAY}],
            ["b"],
        ),
    ],
)
async def test_what_has_outlived_its_term_goes_and_nothing_else(
    database: Database, location: Location, table: str, key: str, given: list[dict[str, Any]], left: list[Any]
) -> None:
    """What is pending, running, or due stays however old it is; what was set aside has a term of its own."""
    insert(location, table, *given)
    assert (await prune(database))[table] == len(given) - len(left)
    assert [row[0] for row in rows(location, f"SELECT {key} FROM {table} ORDER BY 1")] == left


async def test_for_ever_is_for_ever(database: Database, location: Location) -> None:
    """With 0 days nobody even looks."""
    insert(location, "polar_audit", audit(1, YEARS_AGO))
    insert(location, "polar_messages", message(1, YEARS_AGO))
    assert "polar_audit" not in await prune(database, Terms(audit=0))
    assert rows(location, "SELECT (SELECT count(*) FROM polar_audit), (SELECT count(*) FROM polar_messages)") == [
        (1, 1)
    ]


async def test_the_newest_updates_stay_however_old_they_are(
    database: Database, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly so many, whatever became of them: Telegram may send them again."""
    assert pruning.NEWEST_UPDATES == 10_000
    monkeypatch.setattr(pruning, "NEWEST_UPDATES", 3)
    numbers = [1, 2, 4, 5, 9, 20]
    insert(location, "polar_updates", *(update(n, YEARS_AGO) for n in numbers))
    await prune(database)
    assert rows(location, "SELECT updateId FROM polar_updates ORDER BY 1") == [(5,), (9,), (20,)]
    await prune(database)
    assert rows(location, "SELECT count(*) FROM polar_updates") == [(3,)]


async def test_a_message_stays_as_long_as_something_needs_it(database: Database, location: Location) -> None:
    """A former text that erasure finds by it, a call that is not made or may be retried, a turn that is under way."""
    insert(
        location,
        "polar_delivery_queue",
        *(delivery(n, TODAY, s) for n, s in ((2, "pending"), (3, "failed"), (4, "sent"))),
    )
    insert(location, "polar_updates", update(9, TODAY, "pending", sessionId=S, telegramMessageId=5))
    revision = {"sessionId": S, "text": "before", "revisedAtMs": NOW_MS - 3 * DAY_MS}
    insert(location, "polar_message_revisions", revision | {"telegramMessageId": 6}, revision | {"deliveryId": "d10"})
    insert(
        location,
        "polar_messages",
        message(1, YEARS_AGO),
        *(message(n, YEARS_AGO, deliveryId=f"d{n}") for n in (2, 3, 4)),
        message(5, YEARS_AGO),
        message(6, YEARS_AGO),
        message(7, YEARS_AGO, editedAtMs=TODAY),
        message(8, TODAY),
        message(10, YEARS_AGO, deliveryId="d10"),
    )
    await prune(database)
    assert [row[0] for row in rows(location, "SELECT sequence FROM polar_messages ORDER BY 1")] == [
        2,
        3,
        5,
        6,
        7,
        8,
        10,
    ]
    with program(location) as connection:
        connection.execute("UPDATE polar_delivery_queue SET status = 'sent'")
        connection.execute("UPDATE polar_updates SET status = 'done'")
    assert (await prune(database, now_ms=NOW_MS + 365 * DAY_MS))["polar_message_revisions"] == 2
    assert [row[0] for row in rows(location, "SELECT sequence FROM polar_messages ORDER BY 1")] == [6, 10]
    await prune(database, now_ms=NOW_MS + 365 * DAY_MS)
    assert rows(location, "SELECT count(*) FROM polar_messages") == [(0,)]


async def test_the_parts_of_a_message_go_when_it_does(database: Database, location: Location) -> None:
    """Also those of one that stays without its text; not those of one that was edited since."""
    part = {"sessionId": S, "kind": "quote", "number": 0, "content": "{}", "createdAtMs": YEARS_AGO}
    insert(location, "polar_message_parts", *(part | {"telegramMessageId": n} for n in (1, 2, 3, 4)))
    young = part | {"telegramMessageId": 5, "createdAtMs": TODAY}
    insert(location, "polar_message_parts", young)
    event = {"sessionId": S, "polarity": "neutral", "payload": "{}", "createdAtMs": YEARS_AGO}
    insert(location, "polar_feedback_events", event | {"id": "e", "type": "reaction_added", "messageId": "msg_a_2"})
    insert(location, "polar_messages", message(1, YEARS_AGO), message(2, YEARS_AGO), message(5, TODAY))
    insert(location, "polar_messages", message(3, YEARS_AGO, editedAtMs=TODAY))
    assert (await prune(database))["polar_message_parts"] == 3
    assert rows(location, "SELECT telegramMessageId FROM polar_message_parts ORDER BY 1") == [(3,), (5,)]
    assert rows(location, "SELECT telegramMessageId FROM polar_messages ORDER BY 1") == [(2,), (3,), (5,)]


async def test_what_somebody_reacted_to_loses_its_text_and_stays(database: Database, location: Location) -> None:
    """So that whoever takes a reaction back takes it from the message that has it; totals stay as they are."""
    insert(location, "polar_messages", message(1, YEARS_AGO, attachment="{}"), message(2, YEARS_AGO))
    event = {"sessionId": S, "polarity": "neutral", "payload": "{}", "createdAtMs": YEARS_AGO}
    insert(
        location,
        "polar_feedback_events",
        event | {"id": "e", "type": "reaction_added", "messageId": "msg_a_1", "emoji": "👍"},
        event | {"id": "f", "type": "command_executed", "messageId": "msg_a_2"},
    )
    totals = [rows(location, f"SELECT * FROM polar_daily_{name}") for name in ("messages", "feedback")]
    gone = await prune(database)
    assert (gone["polar_messages"], gone["polar_messages (texts)"]) == (1, 1)
    assert rows(location, "SELECT messageId, text, attachment FROM polar_messages") == [("msg_a_1", "", None)]
    assert [rows(location, f"SELECT * FROM polar_daily_{name}") for name in ("messages", "feedback")] == totals
    assert (await prune(database))["polar_messages (texts)"] == 0


async def test_that_messages_have_a_term_is_noted_with_the_first_that_goes(
    database: Database, location: Location
) -> None:
    """For pages that quote messages: not before, so that they never say what is not so."""
    properties = Properties(database)
    await prune(database)
    assert await properties.find(KEPT_MESSAGES_DAYS) is None
    insert(location, "polar_messages", message(1, YEARS_AGO))
    await prune(database)
    assert await properties.find(KEPT_MESSAGES_DAYS) == "365"


@pytest.mark.parametrize(
    ("told_ms", "clock_ms", "now_ms"),
    [
        (None, NOW_MS, None),
        (NOW_MS, NOW_MS + 3650 * DAY_MS, NOW_MS),
        (NOW_MS, NOW_MS - 3650 * DAY_MS, NOW_MS - 3650 * DAY_MS),
    ],
)
async def test_age_is_judged_by_the_earlier_of_our_clock_and_telegrams_date(
    database: Database, told_ms: int | None, clock_ms: int, now_ms: int | None
) -> None:
    """So that a clock that leaps ahead makes nothing old; before an update has told a date nothing is."""
    if told_ms is not None:
        await database.commit(Properties.raise_to(TELEGRAM_MS, told_ms), Properties.raise_to(TELEGRAM_MS, told_ms - 9))
    assert await Pruning(database, ALL).now_ms(clock_ms) == now_ms


@pytest.mark.parametrize("stored", ["soon", "", "1e9", "9" * 40, "²"])
async def test_a_date_that_cannot_be_read_is_none(database: Database, stored: str) -> None:
    """Nothing goes by what another program may have left there."""
    await database.commit(Properties.set(TELEGRAM_MS, stored))
    assert await Pruning(database, ALL).now_ms(NOW_MS) is None


async def test_a_walk_ends_behind_a_slice_that_is_young(
    database: Database, location: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came in after it is younger, whatever a clock has written; only a date in the future tells nothing."""
    monkeypatch.setattr(pruning, "ROWS", 2)
    ahead = NOW_MS + DAY_MS
    ages = (ahead, ahead, YEARS_AGO, TODAY, YEARS_AGO, TODAY, TODAY, TODAY, YEARS_AGO)
    insert(location, "polar_audit", *(audit(n, at_ms) for n, at_ms in enumerate(ages)))
    await prune(database)
    left = [int(turn[1:]) for (turn,) in rows(location, "SELECT turnId FROM polar_audit ORDER BY sequence")]
    assert left == [0, 1, 3, 5, 6, 7, 8]


async def test_what_was_taken_up_again_since_it_was_seen_stays(database: Database, location: Location) -> None:
    """The commit looks once more."""
    insert(location, "polar_delivery_queue", delivery(1, YEARS_AGO, "failed"), delivery(2, YEARS_AGO, "failed"))
    pruner = Pruning(database, ALL)
    [walk] = [walk for walk in WALKS if walk.table == "polar_delivery_queue"]
    found = await pruner.look(walk, after=FIRST, now_ms=NOW_MS)
    await database.commit(Statement("UPDATE polar_delivery_queue SET status = 'pending' WHERE deliveryId = 'd1'"))
    [went, *_] = await database.commit(*pruner.drop(found))
    assert len(went) == 1
    assert rows(location, "SELECT deliveryId FROM polar_delivery_queue") == [("d1",)]


@pytest.mark.parametrize("stored", ["no JSON", "[]", '{"polar_audit": "x"}', '{"polar_audit": true}', "null"])
async def test_places_that_cannot_be_read_are_the_beginning(database: Database, stored: str) -> None:
    """So that nothing that another program writes keeps a table from being walked."""
    await database.commit(Properties.set(PRUNED, stored))
    assert await Pruning(database, ALL).places() == {}
    await database.commit(Pruning.remember({"polar_audit": 7}))
    assert await Pruning(database, ALL).places() == {"polar_audit": 7}
