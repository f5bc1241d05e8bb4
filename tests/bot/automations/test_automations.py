"""Automations: opt-in, by the clock, never doubled, each run in the ledger."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.scheduling import runner
from tests.automating import HOUR, create, ledger, pass_time
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import tell, texts
from tests.responders import FAILING, HANGING

pytestmark = pytest.mark.usefixtures("hasty")

MINUTE, DAY = 60, 86_400


def jobs(house: House) -> list[tuple[Any, ...]]:
    """Id, state and prompt of each job."""
    return house.rows("SELECT id, enabled, promptTemplate FROM polar_automation_jobs ORDER BY createdAtMs, id")


def insert_job(house: House, job_id: str, session_id: str, schedule: str, limits: str | None = None) -> None:
    """A row as another program writes it, while no bot runs."""
    row = (job_id, "500000001", session_id, schedule, f"prompt of {job_id}", 1, None, limits, 1, 1)
    house.write(f"INSERT INTO polar_automation_jobs VALUES ({','.join('?' * len(row))})", *row)


async def test_a_run_is_delivered_and_entered_once(house: House) -> None:
    """Ledger row, run-log row, task, and a message whose origin names the automation; the next instant is planned."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        [(planned,)] = house.rows("SELECT sequence FROM polar_scheduler_events WHERE queue = 'scheduled'")
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        bot.app.runner.wake()
        await tell(house, chat, ann, "/ping")
    assert texts(house, chat)[1:] == ["⏰ tea", "pong"]
    run_id = f"run:{job}:{planned}"
    assert ledger(house) == [("executed", "schedule", None)]
    [row] = house.rows("SELECT source, id, runId, profileId, metadata FROM polar_run_events")
    assert row[:4] == ("automation", job, run_id, "profile.default")
    assert json.loads(row[4])["sessionId"] == f"telegram:chat:{chat.id}"
    assert house.rows("SELECT runId, eventId, status FROM polar_scheduler_run_log") == [
        (f"{run_id}#1", job, "executed")
    ]
    assert house.rows("SELECT status, runId FROM polar_task_board") == [("done", run_id)]
    [(origin,)] = house.rows("SELECT origin FROM polar_messages WHERE text = '⏰ tea'")
    assert json.loads(origin)["automationId"] == job
    assert house.rows("SELECT sequence FROM polar_scheduler_events") == [(planned + HOUR * 1000,)]


async def test_nothing_runs_before_its_time(house: House) -> None:
    """A second before is before."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann)
        clock.advance(seconds=HOUR - 1)
        bot.app.runner.wake()
        await tell(house, chat, ann, "/ping")
        assert ledger(house) == []
        await pass_time(house, bot, clock, seconds=1, runs=1)
    assert texts(house, chat)[-1] == "⏰ tea"


async def test_a_job_goes_on_in_the_next_process(house: House) -> None:
    """What was missed while nobody ran is made up for once; every miss is entered with its reason."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        await create(house, chat, ann)
    clock.advance(seconds=HOUR * 5.5)
    async with house.bot(clock) as bot:
        await until(lambda: len(ledger(house)) == 5)
        await pass_time(house, bot, clock, seconds=HOUR, runs=6)
    assert texts(house, chat)[1:] == ["⏰ tea"] * 2
    assert [row[0] for row in ledger(house)] == ["skipped"] * 4 + ["executed"] * 2
    assert {reason for status, _, reason in ledger(house) if status == "skipped"} == {"missed"}


async def test_jobs_are_listed_paused_resumed_and_deleted(house: House) -> None:
    """By the id, or the beginning of it; enable and disable are other words for it."""
    clock = TestClock()
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        [none] = await tell(house, chat, ann, "/automations")
        job = await create(house, chat, ann)
        for verb, enabled, sign in (("pause", 0, "⏸"), ("resume", 1, "▶"), ("disable", 0, "⏸"), ("enable", 1, "▶")):
            await tell(house, chat, ann, f"/automations {verb} {job[:6]}")
            assert jobs(house) == [(job, enabled, "tea")]
            assert len(house.rows("SELECT * FROM polar_scheduler_events")) == enabled
            [listing] = await tell(house, chat, ann, "/automations list")
            assert listing.startswith(f"{sign} {job}: ")
        await tell(house, chat, ann, f"/automations pause {job}")
        clock.advance(seconds=HOUR * 3)
        bot.app.runner.wake()
        await tell(house, chat, ann, f"/automations resume {job}")
        assert ledger(house) == []
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        await tell(house, chat, ann, f"/automations delete {job} now")
    assert none.startswith("You have no automations here.")
    assert jobs(house) == []
    assert house.rows("SELECT * FROM polar_scheduler_events") == []


WRONG = [
    ("create every 1 hour", "with | between them"),
    ("create | tea", "at its end: expected a form such as"),
    ("create every 1 hour |  ", "with | between them"),
    ("create every 0 minutes | tea", "expected a whole number from 1"),
    ("create sometimes | tea", 'at character 1 ("sometimes"): expected a form such as'),
    ("create once 2001-01-01 08:00 | tea", "expected a time that is still to come"),
    (f"create every 1 hour | {'x' * 1001}", "1000 characters"),
    ("pause", "No automation of yours"),
    ("delete 12345678", "No automation of yours"),
    ("resume %", "No automation of yours"),
    ("explode", "I do not know “explode”"),
]


async def test_a_form_that_is_wrong_gets_an_error_and_stores_nothing(house: House) -> None:
    """The answer names what is wrong and how it is done."""
    async with house.bot(TestClock()):
        ann, chat = house.chat()
        for form, said in WRONG:
            [answer] = await tell(house, chat, ann, f"/automations {form}")
            assert said in answer
            assert "Example: /automations create daily 18:00 | water the plants" in answer
            assert jobs(house) == [], form


async def test_nobody_sees_or_changes_the_automations_of_another(house: House) -> None:
    """Not even in the same group, and not those of one's own from elsewhere."""
    clock = TestClock()
    async with house.bot(clock):
        (ann, chat), (bob, _) = house.chat(), house.chat("Bob")
        group = house.world.group("Friends", [ann, bob])
        job = await create(house, group, ann, text="Ann's tea")
        assert "no automations" in (await tell(house, group, bob, "/automations"))[0]
        assert "no automations" in (await tell(house, chat, ann, "/automations"))[0]
        for verb in ("pause", "delete"):
            assert "No automation of yours" in (await tell(house, group, bob, f"/automations {verb} {job}"))[0]
    assert jobs(house) == [(job, 1, "Ann's tea")]


async def test_jobs_of_the_earlier_runtime_keep_firing(house: House) -> None:
    """In its own forms and in UTC; they send only where that was allowed, and are entered all the same."""
    clock = TestClock()
    async with house.bot(clock):
        _, chat = house.chat()
    session = f"telegram:chat:{chat.id}"
    sending = json.dumps({"delivery": {"allowTelegramSend": True}, "maxNotificationsPerDay": 3})
    insert_job(house, "loud", session, "every 30 minutes", sending)
    insert_job(house, "mute", session, "every 2 hours", json.dumps({"delivery": {"allowTelegramSend": "yes"}}))
    insert_job(house, "daily", session, "daily at 06:00", None)
    insert_job(house, "weekly", session, "weekly Mon 06:00", None)
    async with house.bot(clock) as bot:
        await until(lambda: len(house.rows("SELECT * FROM polar_scheduler_events")) == 4)
        await pass_time(house, bot, clock, seconds=7 * DAY, runs=7 * 48 + 7 * 12 + 7 + 1)
    assert texts(house, chat) == ["⏰ prompt of loud"]
    newest = "SELECT id, json_extract(output, '$.status') FROM polar_run_events GROUP BY id HAVING max(sequence)"
    assert dict(house.rows(newest)) == {
        "loud": "executed", "mute": "executed", "daily": "executed", "weekly": "skipped",
    }  # fmt: skip


async def test_a_run_of_someone_who_was_shut_out_is_blocked(house: House) -> None:
    """It goes through the same chain as a message: access is asked again."""
    clock = TestClock()
    ann = house.world.person("Ann")
    chat = house.world.private(ann)
    async with house.bot(clock, access="allowlist", allowed_telegram_ids={ann.id}):
        await create(house, chat, ann)
    async with house.bot(clock, access="allowlist") as bot:
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert ledger(house) == [("blocked", "schedule", "access")]
    assert house.rows("SELECT status, reason FROM polar_task_board") == [("blocked", "access")]
    assert len(texts(house, chat)) == 1


async def test_a_run_that_keeps_failing_ends_as_failed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each try has its run-log row; the job goes on with the next instant; nobody gets half of it."""
    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0)
    clock = TestClock()
    async with house.bot(clock, responder=FAILING) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text="fail")
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert ledger(house) == [("failed", "schedule", "RuntimeError")]
    tries = house.rows("SELECT runId, status FROM polar_scheduler_run_log ORDER BY runId")
    assert [(run_id.rpartition("#")[2], status) for run_id, status in tries] == [(n, "failed") for n in "123"]
    assert len(texts(house, chat)) == 1
    assert house.rows("SELECT queue FROM polar_scheduler_events ORDER BY queue") == [("dead_letter",), ("scheduled",)]


async def test_a_run_whose_responder_hangs_is_tried_again_and_apologises_to_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has asked just now, so nobody is asked to ask again."""
    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0)
    clock = TestClock()
    async with house.bot(clock, responder=HANGING, responder_timeout_seconds=0.05) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text="hang")
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert [status for status, _, _ in ledger(house)] == ["failed"]
    assert len(house.rows("SELECT * FROM polar_scheduler_run_log")) == 3
    assert len(texts(house, chat)) == 1


@pytest.mark.parametrize(
    ("session_id", "schedule"), [("web:chat:5", "every 30 minutes"), ("telegram:chat:x", "every 30 minutes")]
)
async def test_a_job_that_cannot_run_here_stops_nobody(house: House, session_id: str, schedule: str) -> None:
    """A row of another channel, or one that was damaged: it is paused with its reason in the ledger."""
    clock = TestClock()
    async with house.bot(clock):
        pass
    insert_job(house, "odd", session_id, schedule)
    async with house.bot(clock) as bot:
        ann, chat = house.chat()
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        await create(house, chat, ann)
        await pass_time(house, bot, clock, seconds=HOUR, runs=2)
        assert not bot.finished.done()
    assert [row[0] for row in ledger(house)] == ["failed", "executed"]
    assert ledger(house)[0][2] == "foreign_session"
    assert ("odd", 0, "prompt of odd") in jobs(house)


async def test_a_schedule_that_was_damaged_after_it_was_planned_stops_nobody(house: House) -> None:
    """Its run is entered as failed and the job paused."""
    clock = TestClock()
    async with house.bot(clock):
        ann, chat = house.chat()
        job = await create(house, chat, ann)
    house.write("UPDATE polar_automation_jobs SET schedule = 'whenever'")
    async with house.bot(clock) as bot:
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        [listing] = await tell(house, chat, ann, "/automations")
        assert not bot.finished.done()
    assert [row[0] for row in ledger(house)] == ["failed"]
    assert jobs(house) == [(job, 0, "tea")]
    assert "a schedule that I cannot read" in listing


async def test_a_run_that_is_cut_is_made_by_the_next_process_though_its_job_is_gone(house: House) -> None:
    """Its row has all that it needs; deleting the job concerns what would come after it."""
    clock = TestClock()
    async with house.bot(clock, responder=HANGING, responder_timeout_seconds=600) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann, text="hang")
        clock.advance(seconds=HOUR)
        bot.app.runner.wake()
        begun = "SELECT status FROM polar_scheduler_run_log"
        await until(lambda: house.rows(begun) == [("running",)])
        await tell(house, chat, ann, f"/automations delete {job} now")
        await bot.app.runner.stop(0)
    assert ledger(house) == []
    assert jobs(house) == []
    async with house.bot(clock):
        await until(lambda: ledger(house) == [("executed", "schedule", None)])
    assert house.rows("SELECT runId, status FROM polar_scheduler_run_log ORDER BY runId") == [
        (f"run:{job}:{clock()}#1", "interrupted"),
        (f"run:{job}:{clock()}#2", "executed"),
    ]
    assert house.rows("SELECT * FROM polar_scheduler_events") == []
