"""Heartbeats: what the operator wants looked after, told only when there is something to say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.heartbeats.subject import MOST_MISSES, next_beat
from bot.run import Running
from bot.schedules.kinds import UTC_ZONE
from bot.schedules.text import parse
from storage.statement import Statement
from storage.tables.heartbeats import HeartbeatPolicies, HeartbeatPolicy
from storage.tables.occurrences import Occurrence, Occurrences
from storage.tables.runs import Runs
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, texts
from tests.responders import FAILING

TRIES = "SELECT 1 FROM polar_scheduler_run_log WHERE traceId LIKE 'beat:%' AND status = 'failed'"
MINUTE, HOUR, DAY = 60, 3600, 86_400
QUIET: Mapping[str, Mapping[str, Any]] = {"failed_runs": {}}
WAITING = (
    "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, "
    "sequence, replyId) VALUES (?, 's', 'telegram', '{}', 'pending', 1, 1, ?, 'r')"
)
DEAD_UPDATE = (
    "INSERT INTO polar_updates (updateId, sequence, status, kind, lane, receivedAtMs, finishedAtMs) "
    "VALUES (1, 99, 'dead', 'x', 'x', 1, ?)"
)
FAILED_DELIVERY = (
    "INSERT INTO polar_delivery_queue (deliveryId, sessionId, channel, payload, status, createdAtMs, updatedAtMs, "
    "sequence, replyId) VALUES ('d', 's', 'telegram', '{}', 'failed', 1, ?, 99, 'r')"
)
REACTION = "INSERT INTO polar_feedback_events VALUES (?, 'reaction_added', 's', 'm', '👎', 'negative', '{}', ?)"
BUDGET = "INSERT INTO polar_budget_policies VALUES ('global', '', 5, NULL, 1)"
USAGE = "INSERT INTO polar_budget_usage VALUES ('global', '', ?, 1, 1)"


def write(house: House, *statements: Statement) -> None:
    """As another program does, beside the bot or while none runs."""
    for statement in statements:
        house.write(statement.sql, *statement.params)


def policy(
    chat_id: int, *, every: str = "every 30 minutes", now_ms: int = TestClock().now_ms, **fields: Any
) -> HeartbeatPolicy:
    """A policy `h` whose schedule begins now."""
    schedule = parse(every, zone=UTC_ZONE, now=datetime.fromtimestamp(now_ms / 1000, UTC)).stored()
    values = {"id": "h", "active_hours": None, "checks": QUIET, "enabled": True, **fields}
    return HeartbeatPolicy(session_id=f"telegram:chat:{chat_id}", schedule=schedule, **values)


def put(house: House, found: HeartbeatPolicy, now_ms: int = TestClock().now_ms) -> None:
    """A policy and its next beat."""
    beat = next_beat(found, after_ms=now_ms)
    assert beat is not None
    write(house, HeartbeatPolicies.put(found, now_ms=now_ms), Occurrences.plan(beat, now_ms=now_ms))


def ask(house: House, now_ms: int, policy_id: str = "h") -> None:
    """A beat by hand."""
    beat = Occurrence(
        source="heartbeat", subject_id=policy_id, at_ms=now_ms, due_ms=now_ms, trigger="manual", is_extra=True
    )
    write(house, Occurrences.plan(beat, now_ms=now_ms))


def fail_a_run(house: House, number: int, now_ms: int) -> None:
    """Something to say."""
    rows = Runs.append(
        source="automation",
        subject_id="j",
        run_id=f"r{number}",
        profile_id="p",
        trigger="schedule",
        output={"status": "failed", "reason": "x"},
        metadata={},
        now_ms=now_ms,
    )
    write(house, *rows)


def ledger(house: House) -> list[tuple[Any, ...]]:
    """Status, trigger and reason of each heartbeat, in order."""
    rows = house.rows("SELECT output, trigger FROM polar_run_events WHERE source = 'heartbeat' ORDER BY sequence")
    return [(json.loads(output)["status"], trigger, json.loads(output).get("reason")) for output, trigger in rows]


def planned(house: House) -> list[tuple[Any, ...]]:
    """What is due, and when."""
    return house.rows(
        "SELECT eventId, sequence FROM polar_scheduler_events WHERE queue IN ('scheduled', 'retry') ORDER BY 1"
    )


async def beats(house: House, bot: Running, count: int) -> None:
    """Wait until the ledger holds so many."""
    bot.app.runner.wake()
    await until(lambda: len(ledger(house)) >= count)
    await idle(house)
    assert len(ledger(house)) == count


async def due(house: House, bot: Running, clock: TestClock, *, seconds: float, count: int) -> None:
    """Let time pass and wait until the ledger holds so many."""
    clock.advance(seconds=seconds)
    await beats(house, bot, count)


async def test_a_beat_reports_only_what_there_is_to_say(house: House) -> None:
    """Silence is entered as executed; a finding is told once, and what is told is not told again."""
    clock = TestClock()
    start = clock.now_ms
    _, chat = house.chat()
    async with house.bot(clock) as bot:
        put(house, policy(chat.id))
        await due(house, bot, clock, seconds=30 * MINUTE, count=1)
        assert texts(house, chat) == []
        fail_a_run(house, 1, clock.now_ms + 1)
        await due(house, bot, clock, seconds=30 * MINUTE, count=2)
        await due(house, bot, clock, seconds=30 * MINUTE, count=3)
    assert texts(house, chat) == ["🩺 Heartbeat h\n• 1 failed run: automation j"]
    silent = ("executed", "heartbeat", "nothing to report")
    assert ledger(house) == [silent, ("executed", "heartbeat", None), silent]
    first = start + 30 * MINUTE * 1000
    [row] = house.rows("SELECT id, runId, metadata FROM polar_run_events WHERE source = 'heartbeat' LIMIT 1")
    assert row[:2] == ("h", f"beat:h:{first}")
    assert json.loads(row[2]) == {"sessionId": f"telegram:chat:{chat.id}", "scheduledAtMs": first}
    assert planned(house) == [("heartbeat:h", start + 120 * MINUTE * 1000)]
    log = house.rows("SELECT eventId, status FROM polar_scheduler_run_log WHERE traceId LIKE 'beat:%'")
    assert log == [("h", "executed")] * 3
    [(origin,)] = house.rows("SELECT origin FROM polar_messages")
    assert json.loads(origin)["heartbeatId"] == "h"
    board = house.rows("SELECT status FROM polar_task_board WHERE source = 'heartbeat'")
    assert board == [("done",)] * 3
    assert house.rows("SELECT DISTINCT kind, userId FROM polar_audit") == [("heartbeat", "")]


async def test_no_responder_is_asked_and_a_closed_bot_reports_too(house: House) -> None:
    """It is the operator's: the access of people does not concern it."""
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock, access="allowlist", responder=FAILING) as bot:
        put(house, policy(chat.id))
        fail_a_run(house, 1, clock.now_ms)
        await due(house, bot, clock, seconds=30 * MINUTE, count=1)
    assert len(texts(house, chat)) == 1


async def test_every_check_finds_what_it_is_for(house: House) -> None:
    """With its own settings; a check that does not exist, or a setting, is a finding itself."""
    clock = TestClock()
    _, chat = house.chat()
    checks = {
        "failed_runs": {"hours": 1},
        "undelivered_replies": {},
        "negative_feedback": {"threshold": 2},
        "database_health": {"megabytes": 0.01, "free_megabytes": 0.001},
        "budget_nearly_used": {"percent": 50},
        "weather": {},
        "failed_run": {"hours": True},
    }
    async with house.bot(clock) as bot:
        put(house, policy(chat.id, checks={**checks, "failed_runs": {"hours": 1, "days": 2}}, id="odd"))
        put(house, policy(chat.id, checks=checks))
        now = clock.now_ms
        fail_a_run(house, 1, now)
        write(
            house,
            Statement(REACTION, ("f1", now)),
            Statement(REACTION, ("f2", now)),
            Statement(FAILED_DELIVERY, (now,)),
            Statement(DEAD_UPDATE, (now,)),
            Statement(BUDGET),
            Statement(USAGE, (2.5,)),
        )
        await due(house, bot, clock, seconds=30 * MINUTE, count=2)
    reports = sorted(texts(house, chat))
    title, *lines = reports[0].splitlines()
    assert title == "🩺 Heartbeat h"
    assert lines[:4] == [
        "• 1 failed run: automation j",
        "• 1 message could not be delivered",
        "• 2 negative reactions in the last 24 hours",
        "• 1 update set aside because handling kept failing",
    ]
    assert lines[4].endswith("MiB, over the 0.01 of this check")
    assert lines[5] == "• budget global: $2.50 of $5.00 used"
    assert lines[6].startswith("• 'failed_run' is no check; there are failed_runs, ")
    assert lines[7].startswith("• 'weather' is no check")
    assert len(lines) == 8
    assert "failed_runs has no setting 'days'; it has hours" in reports[1]


@pytest.mark.parametrize("value", [0, -1, "3", True, None, float("inf"), 1e10])
async def test_a_setting_that_is_no_number_is_told(house: House, value: object) -> None:
    """The other checks are looked at all the same."""
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock) as bot:
        put(house, policy(chat.id, checks={"negative_feedback": {"threshold": value}, "failed_runs": {}}))
        fail_a_run(house, 1, clock.now_ms)
        await due(house, bot, clock, seconds=30 * MINUTE, count=1)
    [report] = texts(house, chat)
    assert "negative_feedback: threshold must be a number above 0" in report
    assert "1 failed run" in report


def behind(house: House) -> None:
    """More deliveries wait than one beat should add to."""
    write(house, *(Statement(WAITING, (f"d{n}", n)) for n in range(1000, 1101)))


def spent(house: House) -> None:
    """The global budget is used up."""
    write(house, Statement(BUDGET), Statement(USAGE, (5.0,)))


def nothing(house: House) -> None:
    """All is as it should be."""


NEVER = {"start": "03:00", "end": "03:01", "timezone": "UTC"}


@pytest.mark.parametrize(
    ("fields", "before", "reason"),
    [
        ({"enabled": False, "active_hours": NEVER, "checks": {}}, spent, "policy_inactive"),
        ({"active_hours": NEVER, "checks": {}}, spent, "outside_active_hours"),
        ({"checks": {}}, spent, "no_active_checks"),
        ({}, behind, "queue_backpressure"),
        ({}, spent, "budget_exceeded"),
    ],
)
async def test_a_beat_that_is_skipped_has_its_reason(
    house: House, fields: dict[str, Any], before: Any, reason: str
) -> None:
    """In the ledger and on the board; nothing is sent, and the next beat is planned where there is one."""
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock):
        pass
    found = policy(chat.id, **fields)
    put(house, found)
    fail_a_run(house, 1, clock.now_ms)
    async with house.bot(clock) as bot:
        before(house)
        clock.advance(seconds=30 * MINUTE)
        bot.app.runner.wake()
        await until(lambda: len(ledger(house)) == 1)
    assert ledger(house) == [("skipped", "heartbeat", reason)]
    board = house.rows("SELECT status, reason FROM polar_task_board WHERE source = 'heartbeat'")
    assert board == [("blocked", reason)]
    assert texts(house, chat) == []
    assert len(planned(house)) == int(found.enabled)


async def test_asking_by_hand_works_at_any_hour_but_not_for_what_is_off(house: House) -> None:
    """It stands beside the schedule, which goes on as it was."""
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock) as bot:
        put(house, policy(chat.id, active_hours=NEVER))
        before = planned(house)
        ask(house, clock.now_ms)
        ask(house, clock.now_ms)
        await beats(house, bot, 1)
        assert planned(house) == before
        write(house, HeartbeatPolicies.switch_off("h", now_ms=1), Occurrences.cancel("heartbeat", "h"))
        ask(house, clock.now_ms + 1)
        await due(house, bot, clock, seconds=1, count=2)
        ask(house, clock.now_ms, "unknown")
        bot.app.runner.wake()
        await until(lambda: planned(house) == [])
    assert ledger(house) == [("executed", "manual", "nothing to report"), ("skipped", "manual", "policy_inactive")]


async def test_a_late_beat_runs_once_and_those_before_it_are_entered_as_missed(house: House) -> None:
    """A check of the past is worth nothing; the newest of them runs, and the rhythm stays."""
    clock = TestClock()
    start = clock.now_ms
    _, chat = house.chat()
    async with house.bot(clock):
        put(house, policy(chat.id))
    clock.advance(seconds=HOUR * 2 + 10 * MINUTE)
    async with house.bot(clock) as bot:
        await beats(house, bot, 4)
        await due(house, bot, clock, seconds=20 * MINUTE, count=5)
    missed, ran = ("skipped", "heartbeat", "missed"), ("executed", "heartbeat", "nothing to report")
    assert sorted(ledger(house)) == sorted([missed] * 3 + [ran] * 2)
    runs = house.rows("SELECT runId FROM polar_run_events ORDER BY runId")
    assert runs == [(f"beat:h:{start + n * 30 * MINUTE * 1000}",) for n in range(1, 6)]


async def test_a_long_downtime_leaves_a_bounded_trace(house: House) -> None:
    """A year of minutes is found by halving, not by walking."""
    clock = TestClock()
    start = clock.now_ms
    _, chat = house.chat()
    async with house.bot(clock):
        put(house, policy(chat.id, every="every 1 minute"))
    clock.advance(seconds=365 * DAY + 30)
    async with house.bot(clock) as bot:
        await beats(house, bot, MOST_MISSES + 1)
    assert house.rows("SELECT runId FROM polar_scheduler_run_log") == [(f"beat:h:{start + 365 * DAY * 1000}#1",)]
    assert planned(house) == [("heartbeat:h", start + (365 * DAY + MINUTE) * 1000)]


async def test_a_policy_without_a_next_beat_is_adopted_at_the_start(house: House) -> None:
    """One that is off, or that cannot be read, is not, and stops nobody."""
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock):
        pass
    found = policy(chat.id)
    write(
        house,
        HeartbeatPolicies.put(found, now_ms=1),
        HeartbeatPolicies.put(policy(chat.id, id="off", enabled=False), now_ms=1),
        HeartbeatPolicies.put(policy(chat.id, id="torn"), now_ms=1),
        Statement("UPDATE polar_heartbeat_policies SET checksJson = '[' WHERE policyId = 'torn'"),
        HeartbeatPolicies.put(policy(chat.id, id="odd"), now_ms=1),
        Statement("UPDATE polar_heartbeat_policies SET schedule = 'whenever' WHERE policyId = 'odd'"),
    )
    async with house.bot(clock) as bot:
        assert planned(house) == [("heartbeat:h", clock.now_ms + 30 * MINUTE * 1000)]
        assert not bot.finished.done()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("schedule", "whenever"),
        ("sessionId", "web:chat:5"),
        ("checksJson", "["),
        ("activeHoursJson", '{"start": 8, "end": "22:00"}'),
        ("activeHoursJson", '{"start": "08:00", "end": "22:00", "timezone": "Nowhere"}'),
    ],
)
async def test_a_policy_that_cannot_be_read_is_switched_off_with_its_reason(
    house: House, column: str, value: str
) -> None:
    """It stops nobody, and fails once instead of forever."""
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock) as bot:
        put(house, policy(chat.id))
        put(house, policy(chat.id, id="sound"))
        write(house, Statement(f"UPDATE polar_heartbeat_policies SET {column} = ? WHERE policyId = 'h'", (value,)))
        await due(house, bot, clock, seconds=30 * MINUTE, count=2)
        assert not bot.finished.done()
    [(output,)] = house.rows("SELECT output FROM polar_run_events WHERE id = 'h'")
    assert json.loads(output)["status"] == "failed"
    assert json.loads(output)["reason"]
    assert house.rows("SELECT enabled FROM polar_heartbeat_policies WHERE policyId = 'h'") == [(0,)]
    assert [row[0] for row in planned(house)] == ["heartbeat:sound"]


async def test_a_beat_cannot_be_doubled(house: House) -> None:
    """Whoever plans the same instant again, and however often: one row, one report, and the rhythm goes on."""
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock) as bot:
        put(house, policy(chat.id, checks={"failed_runs": {"hours": 24}}))
        fail_a_run(house, 1, clock.now_ms)
        [(_, first)] = planned(house)
        await due(house, bot, clock, seconds=30 * MINUTE, count=1)
    again = Occurrence(source="heartbeat", subject_id="h", at_ms=first, due_ms=first)
    write(house, Occurrences.plan(again, now_ms=1))
    async with house.bot(clock):
        await until(lambda: planned(house) == [("heartbeat:h", first + 30 * MINUTE * 1000)])
        await idle(house)
    assert len(ledger(house)) == 1
    assert len(texts(house, chat)) == 1
    assert len(house.rows("SELECT * FROM polar_scheduler_run_log WHERE traceId LIKE 'beat:%'")) == 1


async def test_a_beat_that_keeps_failing_ends_as_failed_and_the_next_is_due(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that cannot be made is tried again; nobody gets an apology for it."""

    async def broken(*_: object, **__: object) -> list[str]:
        raise RuntimeError("this check fails")

    monkeypatch.setattr("storage.views.health.Health.failed_runs", broken)
    clock = TestClock()
    _, chat = house.chat()
    async with house.bot(clock) as bot:
        put(house, policy(chat.id, every="every 1 day"))
        clock.advance(seconds=DAY)
        bot.app.runner.wake()
        for tries in (1, 2, 3):
            await until(lambda tries=tries: len(house.rows(TRIES)) == tries)  # type: ignore[misc]
            clock.advance(seconds=HOUR)
            bot.app.runner.wake()
        await beats(house, bot, 1)
    assert ledger(house) == [("failed", "heartbeat", "RuntimeError")]
    assert [row[0] for row in planned(house)] == ["heartbeat:h"]
    assert texts(house, chat) == []


async def test_hours_across_midnight_and_daylight_saving(house: House) -> None:
    """Hour by hour through the night in which Berlin's clocks go back: what counts is what they show."""
    night = datetime(2026, 10, 24, 18, 30, tzinfo=UTC)
    clock = TestClock(round(night.timestamp() * 1000))
    _, chat = house.chat()
    hours = {"start": "22:00", "end": "06:00", "timezone": "Europe/Berlin"}
    async with house.bot(clock) as bot:
        put(house, policy(chat.id, every="every 1 hour", now_ms=clock.now_ms, active_hours=hours), clock.now_ms)
        for count in range(1, 13):
            await due(house, bot, clock, seconds=HOUR, count=count)
    outside = ("skipped", "heartbeat", "outside_active_hours")
    ran = ("executed", "heartbeat", "nothing to report")
    # 21:30 summer time; 22:30 to 02:30, 02:30 again, 03:30 to 05:30 winter time; 06:30 and 07:30.
    assert ledger(house) == [outside] + [ran] * 9 + [outside] * 2
