"""Claims, tries, pauses, quiet hours and caps of automations, end to end."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.automations.subject import PAUSE_AFTER_FAILURES
from bot.scheduling import runner
from tests.automating import HOUR, create, outcomes, pass_time
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, tell, texts
from tests.responders import ECHO, FAILING


def settle(house: House, job: str, column: str, value: dict[str, Any]) -> None:
    """Give a job quiet hours or limits, as another program would."""
    house.write(f"UPDATE polar_automation_jobs SET {column} = ? WHERE id = ?", json.dumps(value), job)


async def test_a_clock_that_steps_back_doubles_nothing_and_one_that_leaps_misses_nothing(house: House) -> None:
    """An instant that was run is not due again; those that were leapt over have their rows."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        clock.advance(seconds=-HOUR / 2)
        await tell(house, chat, ann, "/ping")
        bot.app.runner.wake()
        await tell(house, chat, ann, "/ping")
        assert len(outcomes(house)) == 1
        await pass_time(house, bot, clock, seconds=HOUR * 1.5, runs=2)
        await pass_time(house, bot, clock, seconds=HOUR * 3, runs=5)
    assert outcomes(house)[2:] == [("skipped", "missed"), ("skipped", "missed"), ("executed", None)]
    instants = [at for (at,) in house.rows("SELECT json_extract(metadata, '$.scheduledAtMs') FROM polar_run_events")]
    assert sorted(instants) == list(range(min(instants), max(instants) + 1, HOUR * 1000))


async def test_an_instant_that_was_run_is_not_run_again_when_it_is_planned_anew(house: House) -> None:
    """The clock stepped back, and the job was paused and resumed: its last instant lies ahead once more."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        [(upcoming,)] = house.rows("SELECT sequence FROM polar_scheduler_events")
        clock.advance(seconds=-HOUR / 2)
        await tell(house, chat, ann, f"/automations pause {job}")
        await tell(house, chat, ann, f"/automations resume {job}")
        assert house.rows("SELECT sequence FROM polar_scheduler_events") == [(upcoming - HOUR * 1000,)]
        clock.advance(seconds=HOUR / 2)
        bot.app.runner.wake()
        await until(lambda: house.rows("SELECT sequence FROM polar_scheduler_events") == [(upcoming,)])
        await pass_time(house, bot, clock, seconds=HOUR, runs=2)
    assert texts(house, chat).count("echo: tea") == 2


async def test_all_that_was_missed_is_made_up_for_where_the_job_says_so(house: House) -> None:
    """The newest ten at the most, each with its own row and message; older ones are told as missed."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO):
        ann, chat = house.chat()
        job = await create(house, chat, ann)
    settle(house, job, "limitsJson", {"missed": "all"})
    clock.advance(seconds=HOUR * 12.5)
    async with house.bot(clock, responder=ECHO):
        await until(lambda: len(outcomes(house)) == 12)
        await idle(house)
    assert sorted(outcomes(house), key=str) == [("executed", None)] * 10 + [("skipped", "missed")] * 2
    assert texts(house, chat)[1:] == ["echo: tea"] * 10


@pytest.mark.parametrize(
    ("mode", "status", "sent"), [("drop", ("skipped", "quiet_hours"), 0), ("silent", ("executed", None), 1)]
)
async def test_quiet_hours_drop_or_silence(house: House, mode: str, status: tuple[str, str | None], sent: int) -> None:
    """Dropped is in the ledger with its reason; silent is sent without a notification."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        settle(house, job, "quietHoursJson", {"start": "00:00", "end": "23:59", "mode": mode, "timezone": "UTC"})
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
    assert outcomes(house) == [status]
    calls = [call for call in house.world.calls if call.method == "sendMessage" and call.params["text"] == "echo: tea"]
    assert len(calls) == sent
    assert all(call.params.get("disable_notification") for call in calls)


async def test_deferred_by_quiet_hours_it_runs_once_they_are_over(house: House) -> None:
    """No row in the ledger meanwhile, also over a restart; the run keeps the instant of its schedule."""
    clock = TestClock()  # 10:26:40 UTC
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann, "daily 12:00")
        await tell(house, chat, ann, f"/automations quiet {job} 11:00-14:00")
        [(at,)] = house.rows("SELECT sequence FROM polar_scheduler_events")
        clock.now_ms = at
        bot.app.runner.wake()
        await until(lambda: house.rows("SELECT sequence FROM polar_scheduler_events") == [(at + 2 * HOUR * 1000,)])
    async with house.bot(clock, responder=ECHO) as bot:
        assert outcomes(house) == []
        await pass_time(house, bot, clock, seconds=2 * HOUR, runs=1)
    assert outcomes(house) == [("executed", None)]
    assert house.rows("SELECT runId FROM polar_run_events") == [(f"run:{job}:{at}",)]


@pytest.mark.usefixtures("hasty")
async def test_a_daily_cap_counts_messages(house: House) -> None:
    """Two are sent, the third run of the day is skipped; the next day begins anew."""
    clock = TestClock()
    async with house.bot(clock, responder=ECHO) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann)
        settle(house, job, "limitsJson", {"maxNotificationsPerDay": 2})
        for runs in (1, 2, 3):
            await pass_time(house, bot, clock, seconds=HOUR, runs=runs)
        assert outcomes(house) == [("executed", None), ("executed", None), ("skipped", "daily_cap")]
        clock.advance(seconds=HOUR * 11)
        await until(lambda: outcomes(house)[-1] == ("executed", None))


@pytest.mark.usefixtures("hasty")
async def test_repeated_failures_pause_the_job_and_tell_its_owner_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After three failed runs in a row; resuming starts the count of runs, not of tries, again from the ledger."""
    monkeypatch.setattr(runner, "FIRST_DELAY_S", 0)
    clock = TestClock()
    async with house.bot(clock, responder=FAILING) as bot:
        ann, chat = house.chat()
        job = await create(house, chat, ann, text="fail please")
        for runs in range(1, PAUSE_AFTER_FAILURES + 1):
            await pass_time(house, bot, clock, seconds=HOUR, runs=runs)
        await idle(house)
        clock.advance(seconds=HOUR * 5)
        bot.app.runner.wake()
        await tell(house, chat, ann, "/ping")
    assert house.rows("SELECT enabled FROM polar_automation_jobs") == [(0,)]
    assert [text for text in texts(house, chat) if "paused" in text] == [
        f"⏸ I paused “fail please” ({job}): it failed 3 times in a row. /automations resume {job} tries again."
    ]
    queues = house.rows("SELECT queue, count(*) FROM polar_scheduler_events GROUP BY queue")
    assert queues == [("dead_letter", PAUSE_AFTER_FAILURES)]


async def test_tries_are_apart_and_what_follows_does_not_wait_for_them(house: House) -> None:
    """A failed try waits in `retry` with a growing delay, while the next instant is planned."""
    clock = TestClock()
    async with house.bot(clock, responder=FAILING) as bot:
        ann, chat = house.chat()
        await create(house, chat, ann, text="fail please")
        waits = []
        for tries in (1, 2):
            clock.advance(seconds=HOUR if tries == 1 else 40)
            bot.app.runner.wake()
            failed = "SELECT count(*) FROM polar_scheduler_run_log WHERE status = 'failed'"
            await until(lambda: house.rows(failed) == [(tries,)])  # noqa: B023
            [(due,)] = house.rows("SELECT sequence FROM polar_scheduler_events WHERE queue = 'retry'")
            waits.append(due - clock())
        assert 15_000 <= waits[0] <= 30_000
        assert 30_000 <= waits[1] <= 60_000
        assert len(house.rows("SELECT 1 FROM polar_scheduler_events WHERE queue = 'scheduled'")) == 1
        assert outcomes(house) == []
