"""Occurrences and runs when rows are foreign, code is wrong, and people change their minds meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.automations.decision import QuietHours
from bot.automations.verbs import run_now
from bot.run import Running
from bot.schedules.kinds import upcoming
from bot.schedules.text import load
from bot.scheduling import runner
from emulator import Chat, Person
from middleware.texts import say
from storage.tables.jobs import Job, Jobs
from storage.tables.occurrences import Occurrence, Occurrences
from tests import paid
from tests.automating import HOUR, create, ledger, outcomes, pass_time
from tests.bot.cli.terminal import polar
from tests.clocks import TestClock
from tests.cost import steps
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.paid import COST
from tests.pressing import press
from tests.responders import ECHO, FAILING

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("hasty", "engine")]

PAID = "tests.paid:Paid"
WORDS = "the words of Ann"
QUEUED = "SELECT eventId, queue FROM polar_scheduler_events ORDER BY eventId, queue"
DEAD = "SELECT eventId, payload FROM polar_scheduler_events WHERE queue = 'dead_letter'"
FOREIGN = ["", "no", "[]", "{}", '{"atMs":1}', '{"atMs":1e400}', "[" * 5000]
_ENTRY = """
INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, metadata, createdAtMs)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
FOREIGN_RULES = [
    {"timezone": "Europe", "start": "22:00", "end": "07:00"},
    {"timezone": 5, "start": "22:00", "end": "07:00"},
    {"startHour": float("inf"), "endHour": 7},
    {"start": "00:00+05:00", "end": "23:59"},
    [1],
]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """What the paid responder waits for before it answers."""
    gate = asyncio.Event()
    monkeypatch.setattr(paid.Paid, "gate", gate)
    monkeypatch.setattr(paid.Paid, "calls", [])
    return gate


def dead_letters(house: House) -> dict[str, str]:
    """Why each row was set aside, by its key."""
    return {event: json.loads(payload)["reason"] for event, payload in house.rows(DEAD)}


@asynccontextmanager
async def running_job(house: House) -> AsyncIterator[tuple[Running, Person, Chat, str]]:
    """A bot whose job is being run: its responder has been asked, and waits for the gate."""
    clock = TestClock()
    async with house.bot(clock, responder=PAID) as bot:
        house.write("INSERT INTO polar_budget_policies VALUES ('global', '', 100, NULL, 1)")
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        await until(lambda: paid.Paid.calls == ["tea"])
        yield bot, ann, chat, job


def assert_settled(house: House) -> None:
    """Nothing stays reserved, and what was asked of a model is paid."""
    assert house.rows("SELECT * FROM polar_calls WHERE outcome = 'open'") == []
    assert house.rows("SELECT accumulatedUsd FROM polar_budget_usage WHERE scope = 'global'") == [(COST,)]
    assert house.rows("SELECT * FROM polar_scheduler_run_log WHERE status = 'running'") == []


@pytest.mark.parametrize(
    ("queue", "payload"),
    [("retry", '{"atMs":1}'), ("retry", '{"atMs":"x"}'), *[("scheduled", each) for each in FOREIGN]],
)
async def test_a_foreign_row_is_set_aside_and_stops_nobody(house: House, queue: str, payload: str) -> None:
    """Also one that was there before the start; it is seen in `dead_letter`, and does not come back."""
    clock = TestClock()
    insert = "INSERT INTO polar_scheduler_events VALUES (?, ?, 1, ?, 1)"
    async with house.bot(clock, responder=ECHO):
        pass
    house.write(insert, "odd", queue, payload)
    async with house.bot(clock, responder=ECHO) as bot:
        await until(lambda: dead_letters(house) == {"odd": "unreadable"})
        house.write(insert, "odder", queue, payload)
        ann, chat = house.chat()
        await create(house, chat, ann)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        await until(lambda: len(dead_letters(house)) == 2)
        assert not bot.finished.done()
    before = house.rows(DEAD)
    async with house.bot(clock, responder=ECHO):
        assert texts(house, chat)[1:] == ["echo: tea"]
        assert house.rows(DEAD) == before


@pytest.mark.parametrize("rules", FOREIGN_RULES)
async def test_foreign_rules_and_a_foreign_ledger_stop_no_run(house: House, rules: Any) -> None:
    """What cannot be read there is no rule, and no failure of the job's; the next start is like any other."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        job = await create(house, chat, ann)
    house.write("UPDATE polar_automation_jobs SET quietHoursJson = ?", json.dumps(rules))
    row = ("automation", job, "odd", "profile.default", "schedule", "no", "no", 1)
    house.write(_ENTRY, *row)
    for runs in (1, 2):
        clock.advance(seconds=HOUR)
        async with house.bot(clock, responder=ECHO) as bot:
            executed = "SELECT count(*) FROM polar_run_events WHERE output LIKE '%executed%'"
            await until(lambda: house.rows(executed) == [(runs,)])  # noqa: B023
            await idle(house)
            [shown] = await tell(house, chat, ann, f"/automations show {job}")
            assert shown
            assert not bot.finished.done()
    assert texts(house, chat).count("echo: tea") == 2


async def test_a_fault_of_ours_is_the_occurrences_own_and_its_third_try_the_last(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then it is in `dead_letter`, its job paused, and neither comes back; no word of the fault's text is kept."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(WORDS)

    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0)
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        [(at,)] = house.rows("SELECT sequence FROM polar_scheduler_events")
        with monkeypatch.context() as patched:
            patched.setattr(QuietHours, "read", broken)
            await tell(house, chat, ann, f"/automations quiet {job} 22:00-23:00")
            house.write("UPDATE polar_automation_jobs SET quietHoursJson = '{}'")
            await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        assert dead_letters(house) == {f"run:{job}:{at}": "RuntimeError"}
        assert house.rows("SELECT queue FROM polar_scheduler_events") == [("dead_letter",)]
        assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(0,)]
        assert not bot.finished.done()
    clock.advance(seconds=HOUR)
    async with house.bot(clock, responder=ECHO):
        await tell(house, chat, ann, "/ping")
    assert ledger(house) == [("failed", "schedule", "RuntimeError")]
    assert WORDS not in str(house.rows("SELECT * FROM polar_run_events"))


async def test_no_text_of_an_exception_stands_where_nothing_is_erased(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception may quote what somebody wrote; the ledger, the board and the dead letters name its type."""

    async def refuse(self: paid.Paid, turn: Any) -> str:
        raise ValueError(f"cannot do {turn.text}")

    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0)
    monkeypatch.setattr(paid.Paid, "respond", refuse)
    clock = TestClock()
    async with house.bot(clock, responder=PAID) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text=WORDS)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert outcomes(house) == [("failed", "ValueError")]
    for table in ("polar_run_events", "polar_task_board", "polar_scheduler_events", "polar_scheduler_run_log"):
        kept = str(house.rows(f"SELECT * FROM {table}"))
        assert WORDS not in kept, table


Change = Callable[[House, Chat, Person, str], Any]


async def _by_chat(house: House, chat: Chat, ann: Person, what: str) -> None:
    assert await tell(house, chat, ann, f"/automations {what}")


async def _by_command_line(house: House, chat: Chat, ann: Person, what: str) -> None:
    assert polar("automations", *what.split(), database=house.location).exit_code == 0


@pytest.mark.parametrize(
    ("change", "what", "upcoming"),
    [
        (_by_chat, "pause {job}", 0),
        (_by_chat, "edit {job} every 2 hours | coffee", 1),
        (_by_chat, "delete {job} now", 0),
        (_by_command_line, "pause {job}", 0),
        (_by_command_line, "delete {job}", 0),
    ],
)
async def test_what_is_done_to_a_job_while_it_runs_concerns_the_future(
    house: House, gate: asyncio.Event, change: Change, what: str, upcoming: int
) -> None:
    """The run ends as it does: with its message, its row in the ledger, and what it has cost."""
    async with running_job(house) as (_, ann, chat, job):
        await change(house, chat, ann, what.format(job=job))
        gate.set()
        await until(lambda: outcomes(house) == [("executed", None)])
        await idle(house)
        assert "echo: tea" in texts(house, chat)
        assert_settled(house)
        assert len(house.rows("SELECT * FROM polar_scheduler_events")) == upcoming


async def test_a_try_that_waits_is_made_though_its_job_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch, gate: asyncio.Event
) -> None:
    """From its claim on nothing reads the job; also in the next process."""
    monkeypatch.setattr(runner, "FIRST_DELAY_S", 60)
    gate.set()
    clock = TestClock()
    async with house.bot(clock, responder=PAID) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann, text="fail first")
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        await until(lambda: house.rows("SELECT status FROM polar_scheduler_run_log") == [("failed",)])
        await tell(house, chat, ann, f"/automations delete {job} now")
    assert [queue for _, queue in house.rows(QUEUED)] == ["retry"]
    clock.advance(seconds=HOUR)
    async with house.bot(clock, responder=ECHO):
        await until(lambda: outcomes(house) == [("executed", None)])
        await idle(house)
    assert texts(house, chat)[-1] == "echo: fail first"
    assert house.rows(QUEUED) == []


async def test_erasure_ends_a_run_and_what_it_has_cost_is_settled(house: House, gate: asyncio.Event) -> None:
    """It is entered as skipped; nothing of it is said, and none of its words is kept."""
    async with running_job(house) as (bot, ann, chat, job):
        await tell(house, chat, ann, "/forget me")
        await press(house, chat, ann, say("own_data.erase"))
        assert outcomes(house) == [("skipped", "erased")]
        gate.set()
        await until(lambda: bot.app.runner.in_hand == 0)
        await idle(house)
        assert "echo: tea" not in texts(house, chat)
        assert_settled(house)
    assert house.rows(QUEUED) == []
    assert house.rows("SELECT status, reason FROM polar_task_board WHERE id = ?", job) == [("blocked", "erased")]


NIGHT = {"start": "22:00", "end": "07:00", "timezone": "UTC"}
BEFORE_NIGHT_MS = 1_795_039_140_000
"""21:59 UTC, a minute before the quiet hours."""


@asynccontextmanager
async def failing_once(
    house: House, monkeypatch: pytest.MonkeyPatch, mode: str
) -> AsyncIterator[tuple[Running, TestClock, Chat]]:
    """A bot whose job has failed at 21:59, with quiet hours from 22:00; a minute and a half later."""
    calls: list[str] = []

    async def respond(self: paid.Paid, turn: Any) -> str:
        calls.append(turn.text)
        if len(calls) == 1:
            raise RuntimeError
        return f"echo: {turn.text}"

    monkeypatch.setattr(paid.Paid, "respond", respond)
    clock = TestClock(now_ms=BEFORE_NIGHT_MS - 60_000)
    async with house.bot(clock, responder=PAID) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, "daily 21:59")
        house.write("UPDATE polar_automation_jobs SET quietHoursJson = ?", json.dumps({**NIGHT, "mode": mode}))
        clock.now_ms = BEFORE_NIGHT_MS
        bot.app.runner.wake()
        await until(lambda: house.rows("SELECT status FROM polar_scheduler_run_log") == [("failed",)])
        clock.advance(seconds=90)
        bot.app.runner.wake()
        yield bot, clock, chat


async def test_a_try_within_quiet_hours_waits_for_their_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """It failed at 21:59 and would be sent at 22:00; it is sent at 7 o'clock, and no try was lost over it."""
    async with failing_once(house, monkeypatch, "defer") as (bot, clock, chat):
        due = "SELECT sequence FROM polar_scheduler_events WHERE queue = 'retry'"
        await until(lambda: house.rows(due) == [(BEFORE_NIGHT_MS + 9 * HOUR * 1000 + 60_000,)])
        assert outcomes(house) == []
        await pass_time(house, bot, clock, seconds=9 * HOUR, runs=1)
        assert outcomes(house) == [("executed", None)]
        assert texts(house, chat)[-1] == "echo: tea"
    assert len(house.rows("SELECT * FROM polar_scheduler_run_log")) == 2


async def test_a_try_within_quiet_hours_is_dropped_where_its_owner_chose_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped is in the ledger with its reason, and nothing was asked of a responder."""
    async with failing_once(house, monkeypatch, "drop") as (_, _, chat):
        await until(lambda: outcomes(house) == [("skipped", "quiet_hours")])
        assert len(texts(house, chat)) == 1
    assert house.rows("SELECT * FROM polar_scheduler_events WHERE queue <> 'scheduled'") == []


async def test_a_silent_run_is_silent_at_every_try(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second try is sent without a notification, as the first would have been."""
    async with failing_once(house, monkeypatch, "silent"):
        await until(lambda: outcomes(house) == [("executed", None)])
        await idle(house)
    [call] = [call for call in house.world.calls if call.params.get("text") == "echo: tea"]
    assert call.params["disable_notification"]


async def test_what_is_made_up_for_keeps_the_daily_cap(house: House) -> None:
    """Three days down, all to be made up for, one message a day: one message, and a row for each instant."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        await create(house, chat, ann, "daily 06:00")
    house.write("UPDATE polar_automation_jobs SET limitsJson = ?", '{"missed":"all","maxNotificationsPerDay":1}')
    clock.advance(seconds=3 * 24 * HOUR)
    async with house.bot(clock, responder=ECHO):
        await until(lambda: len(outcomes(house)) == 3)
        await idle(house)
    assert sorted(outcomes(house), key=str) == [("executed", None)] + [("skipped", "daily_cap")] * 2
    assert texts(house, chat)[1:] == ["echo: tea"]


async def test_the_runs_of_a_job_go_one_at_a_time(house: House, gate: asyncio.Event) -> None:
    """However many are due; those of others are not kept waiting."""
    clock = TestClock()
    async with house.bot(clock, responder=PAID) as bot:
        (ann, chat), (bob, other) = house.chat(), house.chat("Bob")
        job = await create(house, chat, ann, text="Ann's")
        second = await create(house, other, bob, text="Bob's")
        await bot.app.database.commit(
            *(
                Occurrences.plan(
                    Occurrence.by_hand("automation", job, now_ms=clock() + ms, retry_of="x"), now_ms=clock()
                )
                for ms in range(100)
            ),
            *run_now(second, now_ms=clock() + 100),
        )
        clock.advance(seconds=1)
        bot.app.runner.wake()
        await until(lambda: sorted(paid.Paid.calls) == ["Ann's", "Bob's"])
        assert bot.app.runner.in_hand == 2
        gate.set()
        await until(lambda: len(outcomes(house)) == 101)


async def test_a_failed_run_is_repeated_by_the_operator_as_a_run_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an id of its own, that names the one in whose place it is; what was set aside is set aside no more."""
    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0)
    clock = TestClock()

    def operate(*arguments: str) -> Any:
        return polar("automations", *arguments, database=house.location)

    async with house.bot(clock, responder=FAILING) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann, text="fail once")
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        await tell(house, chat, ann, f"/automations edit {job} | tea")
        [(failed,)] = house.rows("SELECT runId FROM polar_run_events")
        [fact] = json.loads(operate("failed", "--json").stdout)
        assert (fact["run"], fact["reason"]) == (failed, "RuntimeError")
        assert failed in operate("failed").stdout.replace("\n", "")
        assert operate("retry", failed).exit_code == 0
        # The command goes by the machine's clock, the bot of this test by its own.
        house.write(
            "UPDATE polar_scheduler_events SET sequence = 1, payload = json_set(payload, '$.atMs', 1), "
            "eventId = ? WHERE payload LIKE '%retryOf%'",
            f"run:{job}:manual:1",
        )
        bot.app.runner.wake()
        await until(lambda: len(ledger(house)) == 2)
        again = operate("retry", failed)
        assert again.exit_code == 1
        assert len(again.stderr.splitlines()) == 1
    assert ledger(house)[1] == ("executed", "manual", None)
    [(run_id, metadata)] = house.rows("SELECT runId, metadata FROM polar_run_events WHERE sequence = 2")
    assert run_id != failed
    assert json.loads(metadata)["retryOf"] == failed
    assert dead_letters(house) == {}


async def test_a_change_by_two_at_once_is_said_in_one_line(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second is told that, not what the database says."""
    find = Jobs.find

    async def found_just_before(jobs: Jobs, job_id: str) -> Job | None:
        job = await find(jobs, job_id)
        house.write("DELETE FROM polar_automation_jobs")
        return job

    async with house.bot():
        ann, chat = house.chat()
        job = await create(house, chat, ann)
    monkeypatch.setattr(Jobs, "find", found_just_before)
    done = polar("automations", "pause", job, database=house.location)
    assert done.exit_code == 1
    [line] = done.stderr.splitlines()
    assert job in line
    assert "UPDATE" not in line


async def test_a_job_whose_schedule_has_ended_is_over(house: House) -> None:
    """It counts towards no limit, takes no pause, is listed apart, and goes on once it has another schedule."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO, max_jobs_per_person=3) as bot:
        ann, chat = house.chat()
        over = await create(house, chat, ann, "in 20 minutes")
        await pass_time(house, bot, clock, seconds=1200, runs=1)
        assert house.rows("SELECT enabled, limitsJson FROM polar_automation_jobs") == [(0, '{"over":true}')]
        *_, another = [await create(house, chat, ann, "daily 12:00") for _ in range(3)]
        [refused] = await tell(house, chat, ann, "/automations create daily 12:00 | one more")
        assert refused.startswith("You have 3 automations")
        [answer] = await tell(house, chat, ann, f"/automations pause {over}")
        assert answer.startswith(f"{over} is over")
        [page] = await tell(house, chat, ann, "/automations")
        running, _, apart = page.partition("Over:\n✓ ")
        assert over in apart
        assert over not in running
        await tell(house, chat, ann, f"/automations delete {another} now")
        await tell(house, chat, ann, f"/automations edit {over} in 5 minutes | again")
        assert house.rows("SELECT enabled, limitsJson FROM polar_automation_jobs WHERE id = ?", over) == [(1, "{}")]
        await pass_time(house, bot, clock, seconds=300, runs=2)
        assert texts(house, chat)[-1] == "echo: again"


async def test_a_job_that_was_over_before_is_over_at_the_next_start(house: House) -> None:
    """Earlier versions left it as one that goes on."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, "in 20 minutes")
        await pass_time(house, bot, clock, seconds=1200, runs=1)
    house.write("UPDATE polar_automation_jobs SET enabled = 1, limitsJson = NULL")
    async with house.bot(clock, responder=ECHO):
        assert house.rows("SELECT enabled, limitsJson FROM polar_automation_jobs") == [(0, '{"over":true}')]


@pytest.mark.parametrize("mode", [None, "defer", "drop"])
async def test_a_reminder_comes_however_late_it_is_and_says_when_it_was_meant_for(
    house: House, mode: str | None
) -> None:
    """Quiet hours at most defer it, and no cap applies to it."""
    clock = TestClock()  # 11:06:40 UTC
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        await create(house, chat, ann, "in 20 minutes")
    house.write("UPDATE polar_automation_jobs SET limitsJson = '{\"maxNotificationsPerDay\":0}'")
    if mode is not None:
        rules = json.dumps({"start": "21:00", "end": "22:00", "timezone": "UTC", "mode": mode})
        house.write("UPDATE polar_automation_jobs SET quietHoursJson = ?", rules)
    clock.advance(seconds=10 * HOUR)  # 21:06:40
    async with house.bot(clock, responder=ECHO) as bot:
        if mode is not None:
            quiet = "SELECT count(*) FROM polar_scheduler_events WHERE sequence > ?"
            await until(lambda: house.rows(quiet, clock()) == [(1,)])
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert outcomes(house) == [("executed", None)]
    assert texts(house, chat)[1:] == ["This was meant for Wed 2026-11-18 11:26 (UTC).", "echo: tea"]


async def test_a_reminder_that_only_quiet_hours_kept_is_not_late(house: House) -> None:
    """Its owner has asked for that."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann, "in 20 minutes")
        await tell(house, chat, ann, f"/automations quiet {job} 11:10-13:00")
        clock.advance(seconds=1200)
        bot.app.runner.wake()
        await until(lambda: house.rows("SELECT sequence > ? FROM polar_scheduler_events", clock()) == [(1,)])
        await pass_time(house, bot, clock, seconds=5600, runs=1)
    assert texts(house, chat)[-1] == "echo: tea"


async def test_a_job_speaks_in_the_topic_where_it_was_made(house: House) -> None:
    """And not in General."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann = house.world.person("Ann")
        forum = house.world.group("Forum", [ann], forum=True)
        topic = house.world.topic(forum, "Plans")
        await tell(house, forum, ann, "/automations@polar_test_bot create every 1 hour | tea", topic=topic)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    [said] = [message for message in house.world.sent(forum) if message["text"] == "echo: tea"]
    assert said["message_thread_id"] == topic


@pytest.mark.parametrize("is_restarted", [True, False])
async def test_a_clock_that_was_ahead_for_a_moment_silences_no_job(house: House, is_restarted: bool) -> None:
    """The next instant is made anew by the schedule, and `show` tells what its row says."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        right_ms = clock()
        clock.advance(seconds=3 * 24 * HOUR)
        bot.app.runner.wake()
        await until(lambda: ("executed", None) in outcomes(house))
        await idle(house)
        if not is_restarted:
            clock.now_ms = right_ms
            bot.app.runner.wake()
            await _runs_within_the_hour(house, bot, clock, (ann, chat), job)
    if is_restarted:
        clock.now_ms = right_ms
        async with house.bot(clock, responder=ECHO) as bot:
            await _runs_within_the_hour(house, bot, clock, (ann, chat), job)


async def _runs_within_the_hour(
    house: House, bot: Running, clock: TestClock, people: tuple[Person, Chat], job: str
) -> None:
    due = "SELECT sequence FROM polar_scheduler_events"
    ann, chat = people
    await until(lambda: house.rows(due) == [(clock() + HOUR * 1000,)])
    house.write("UPDATE polar_scheduler_events SET sequence = sequence + 60000")
    [shown] = await tell(house, chat, ann, f"/automations show {job}")
    assert "Next: Wed 2026-11-18 12:07, Wed 2026-11-18 13:06" in shown
    clock.advance(seconds=HOUR + 60)
    bot.app.runner.wake()
    await until(lambda: house.rows(due) == [(clock() + (HOUR - 60) * 1000,)])
    await until(lambda: outcomes(house).count(("executed", None)) == 2)
    await idle(house)
    assert texts(house, chat).count("echo: tea") == 2


def test_a_rule_that_counts_is_not_walked_through_at_every_question() -> None:
    """Sixty minutes of every hour, ten thousand in all: finding the next costs what it costs without a count."""
    every_minute = "RRULE:FREQ=DAILY;BYHOUR={};BYMINUTE={}".format(
        ",".join(map(str, range(24))), ",".join(map(str, range(60)))
    )
    begin = datetime(2026, 11, 18, tzinfo=UTC)

    def walk(rule: str) -> int:
        schedule = load(f"DTSTART:20261118T000000Z\n{rule}")
        schedule.next(begin)
        return steps(lambda: upcoming(schedule, begin + timedelta(days=2), 500))

    assert walk(f"{every_minute};COUNT=10000") <= 2 * walk(every_minute)
