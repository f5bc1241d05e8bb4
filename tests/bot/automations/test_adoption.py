"""Jobs of the earlier runtime, on a file that it has made: they go on as they were, each adopted once."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.clock import millis
from tests.automating import HOUR, create, ledger, pass_time
from tests.clocks import TestClock
from tests.earlier import MADE_MS, Earlier
from tests.house import House, until
from tests.looking import tell, texts
from tests.responders import ECHO

DAY_MS = 86_400_000
SENDING: dict[str, Any] = {"delivery": {"allowTelegramSend": True}}
NEVER_QUIET = {"startHour": 0, "endHour": 0, "timezone": "UTC"}


def planned(house: House) -> dict[str, int]:
    """The next instant of each job that has one, in ms."""
    rows = house.rows("SELECT payload, sequence FROM polar_scheduler_events WHERE queue = 'scheduled'")
    return {json.loads(payload)["id"]: sequence for payload, sequence in rows}


def job(house: House, job_id: str) -> dict[str, Any]:
    """A job's row."""
    columns = "enabled, schedule, quietHoursJson, limitsJson"
    [(enabled, schedule, quiet, limits)] = house.rows(
        f"SELECT {columns} FROM polar_automation_jobs WHERE id = ?", job_id
    )
    return {"enabled": enabled, "schedule": schedule, "quiet": json.loads(quiet), "limits": json.loads(limits)}


def ms(written: str) -> int:
    """An instant of the test clock's month, whose now is 2026-11-18T11:06:40."""
    return millis(datetime.fromisoformat(f"2026-11-{written}").replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("schedule", "instant"),
    [
        ("every 1 min", "18T11:07:20"),
        ("every 2m", "18T11:08:20"),
        ("every 2h", "18T11:20:20"),
        ("every 3d", "19T21:20:20"),
        ("Daily at 9:05", "19T09:05:00"),
        ("weekly thurs 9:05", "19T09:05:00"),
        ("weekly tues,fri 9:05", "20T09:05:00"),
    ],
)
async def test_each_spelling_is_planned_at_the_instant_that_was_planned_there(
    house: House, schedule: str, instant: str
) -> None:
    """Intervals count from the last run, the others in UTC; the row then has our own form, and fires by it."""
    clock, earlier = TestClock(), Earlier(house.path)
    ann, chat = house.chat()
    earlier.job("j", schedule, owner=ann.id, session=f"telegram:chat:{chat.id}", limits=SENDING, quiet=NEVER_QUIET)
    earlier.ran("j", "of another time", ms("10T21:20:20"))
    earlier.ran("j", "the last one", ms("16T21:20:20"))
    async with house.bot(clock) as bot:
        assert planned(house) == {"j": ms(instant)}
        assert job(house, "j")["schedule"].startswith("DTSTART")
        await pass_time(house, bot, clock, seconds=(ms(instant) - clock()) / 1000, runs=3)
    assert texts(house, chat) == ["⏰ prompt of j"]


async def test_an_interval_that_never_ran_counts_from_when_its_job_was_made(house: House) -> None:
    """As it did there; also where the job was paused there, and goes on now."""
    clock, earlier = TestClock(), Earlier(house.path)
    ann, chat = house.chat()
    session = f"telegram:chat:{chat.id}"
    earlier.job("on", "every 3d", owner=ann.id, session=session)
    earlier.job("off", "every 3d", owner=ann.id, session=session, enabled=False)
    async with house.bot(clock):
        assert planned(house) == {"on": MADE_MS + 12 * DAY_MS}
        await tell(house, chat, ann, "/automations resume off")
    assert planned(house) == {"on": MADE_MS + 12 * DAY_MS, "off": MADE_MS + 12 * DAY_MS}


@pytest.mark.parametrize(
    ("limits", "written"),
    [
        ({}, 3),
        ({"maxNotificationsPerDay": None}, 3),
        ({"maxNotificationsPerDay": "many"}, 3),
        ({"maxNotificationsPerDay": 2.0}, 2),
        ({"maxNotificationsPerDay": 5, "profileId": "p"}, 5),
        ({"maxNotificationsPerDay": 0}, None),
        ({"maxNotificationsPerDay": -1}, None),
    ],
)
async def test_what_was_in_force_there_is_written_out(
    house: House, limits: dict[str, Any], written: int | None
) -> None:
    """The cap, the hours of the night and whether it sends; all else in the row stays. Paused jobs are no exception."""
    earlier = Earlier(house.path)
    ann, chat = house.chat()
    row: dict[str, Any] = {
        "owner": ann.id,
        "session": f"telegram:chat:{chat.id}",
        "limits": limits,
        "quiet": {"endHour": 6},
    }
    earlier.job("j", "every 2h", enabled=False, **row)
    async with house.bot(TestClock()):
        [shown] = await tell(house, chat, ann, "/automations show j")
    kept = {name: value for name, value in limits.items() if name != "maxNotificationsPerDay"}
    cap = {} if written is None else {"maxNotificationsPerDay": written}
    found = job(house, "j")
    assert found["limits"] == {**kept, **cap, "delivery": {"allowTelegramSend": False}}
    assert found["quiet"] == {"startHour": 22, "endHour": 6, "timezone": "UTC"}
    assert found["enabled"] == 0
    assert f"Limit: {'none' if written is None else f'{written} a day'}." in shown


async def test_the_cap_counts_and_is_adopted_once(house: House) -> None:
    """Three messages a day; once its owner has taken the cap away, no start brings it back, nor gives others one."""
    clock, earlier = TestClock(), Earlier(house.path)
    ann, chat = house.chat()
    session = f"telegram:chat:{chat.id}"
    earlier.job("j", "every 1 hr", owner=ann.id, session=session, limits=SENDING, quiet=NEVER_QUIET)
    async with house.bot(clock, responder=ECHO) as bot:
        for runs in range(1, 6):
            await pass_time(house, bot, clock, seconds=HOUR, runs=runs)
        assert [reason for _, _, reason in ledger(house)] == [None] * 3 + ["daily_cap"] * 2
        await tell(house, chat, ann, "/automations limit j off")
        mine = await create(house, chat, ann)
    async with house.bot(clock):
        assert job(house, "j")["limits"] == SENDING
        assert house.rows("SELECT limitsJson FROM polar_automation_jobs WHERE id = ?", mine) == [(None,)]
    assert texts(house, chat).count("echo: prompt of j") == 3


async def test_a_job_that_reads_mail_is_held(house: House) -> None:
    """It is listed with the reason, does not run, and cannot be made to: not even where it was planned here before."""
    clock, earlier = TestClock(), Earlier(house.path)
    ann, chat = house.chat()
    inbox = {**SENDING, "inbox": {"mode": "headers_only", "capabilities": ["mail.search_headers"]}}
    row: dict[str, Any] = {"owner": ann.id, "session": f"telegram:chat:{chat.id}", "quiet": NEVER_QUIET}
    earlier.job("mail", "every 1 hours", limits=inbox, **row)
    earlier.job("plain", "every 1 hours", limits=SENDING, **row)
    async with house.bot(clock, responder=ECHO) as bot:
        [listing] = await tell(house, chat, ann, "/automations")
        said = [(await tell(house, chat, ann, f"/automations {verb} mail"))[0] for verb in ("resume", "run", "show")]
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        house.write("UPDATE polar_automation_jobs SET limitsJson = ? WHERE id = 'plain'", json.dumps(inbox))
        await pass_time(house, bot, clock, seconds=HOUR, runs=2)
        clock.advance(seconds=5 * HOUR)
        bot.app.runner.wake()
        await tell(house, chat, ann, "/ping")
    assert "⏸ mail: every hour, “prompt of mail”. It is held, as it reads mail" in listing
    assert all("It is held, as it reads mail" in answer for answer in said)
    assert job(house, "mail")["limits"]["paused"] == "mail"
    assert [row[2] for row in ledger(house)] == [None, "needs_mail"]
    assert planned(house) == {}
    assert [text for text in texts(house, chat) if text.startswith("echo")] == ["echo: prompt of plain"]


async def test_what_cannot_be_read_is_told_once_and_stays(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """In the log by its id, in the list with its text; with another schedule it goes on."""
    clock, earlier = TestClock(), Earlier(house.path)
    ann, chat = house.chat()
    row: dict[str, Any] = {"owner": ann.id, "session": f"telegram:chat:{chat.id}", "limits": {}}
    earlier.job("odd", "every fortnight", **row)
    earlier.job("was off", "whenever I like", enabled=False, **row)
    earlier.job("fine", "every 2h", **row)
    with caplog.at_level(logging.WARNING):
        async with house.bot(clock):
            [listing] = await tell(house, chat, ann, "/automations")
            assert planned(house).keys() == {"fine"}
        told = [record.getMessage() for record in caplog.records if "cannot be read" in record.getMessage()]
        caplog.clear()
        async with house.bot(clock):
            assert not caplog.records
            await tell(house, chat, ann, "/automations edit odd every 2h")
            await tell(house, chat, ann, "/automations resume odd")
    assert [line.split()[0] for line in told] == ["odd", "was"]
    assert "a schedule that I cannot read (“every fortnight”), “prompt of odd”" in listing
    assert "(“whenever I like”)" in listing
    assert planned(house).keys() == {"fine", "odd"}
    assert job(house, "odd")["limits"] == {"maxNotificationsPerDay": 3, "delivery": {"allowTelegramSend": False}}
    assert [(row[0], row[2]) for row in ledger(house)] == [("failed", "unreadable_schedule")]


async def test_a_job_speaks_where_its_limits_say(house: House) -> None:
    """In the chat and topic named there, if its owner may write to that chat; an impossible topic is none."""
    clock, earlier = TestClock(), Earlier(house.path)
    ann, chat = house.chat()
    bob, other = house.chat("Bob")
    group = house.world.group("Friends", [ann])
    known = house.world.group("Known from then", [ann])
    earlier.remember("mem_1", f"telegram:chat:{known.id}", ann.id, {"fact": "meets here"}, at_ms=1)

    def deliver(job_id: str, **delivery: Any) -> None:
        limits = {"delivery": {"allowTelegramSend": True, **delivery}}
        session = f"telegram:chat:{group.id}"
        earlier.job(job_id, "every 1h", owner=ann.id, session=session, limits=limits, quiet=NEVER_QUIET)

    deliver("private", chatId=str(ann.id))
    deliver("number", chatId=float(ann.id), threadId=-3)
    deliver("here", threadId=0)
    deliver("known", chatId=known.id)
    deliver("foreign", chatId=bob.id)
    async with house.bot(clock, responder=ECHO) as bot:
        await tell(house, other, bob, "hello")
        await pass_time(house, bot, clock, seconds=HOUR, runs=5)
        await until(lambda: len(texts(house, chat)) == 2)
    assert sorted(texts(house, chat)) == ["echo: prompt of number", "echo: prompt of private"]
    assert texts(house, group) == ["echo: prompt of here"]
    assert texts(house, known) == ["echo: prompt of known"]
    assert "echo: prompt of foreign" not in texts(house, other)
    assert sorted(reason or "" for _, _, reason in ledger(house)) == ["", "", "", "", "delivery_not_allowed"]
