"""`polar heartbeat`, on a real file, also beside a bot that runs on it."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.bot.cli.terminal import polar
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, texts

MINUTE_MS = 60_000
NEW = ("--every", "every 30 minutes", "--to", "-1001234567890")


def heartbeat(database: Path, *arguments: str) -> Result:
    """`polar heartbeat` on this database."""
    return polar("heartbeat", *arguments, database=database)


def listed(database: Path) -> list[dict[str, Any]]:
    """What `list --json` prints."""
    done = heartbeat(database, "list", "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def rows(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """What another program reads."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute(sql).fetchall()


def planned(database: Path) -> list[tuple[Any, ...]]:
    """What is due."""
    return rows(database, "SELECT eventId, queue, sequence FROM polar_scheduler_events ORDER BY eventId")


def test_a_policy_is_set_with_its_next_beat(database: Path) -> None:
    """Checks with their settings, active hours with their zone; all of it is listed."""
    checks = ("--check", "failed_runs", "--check", "negative_feedback:threshold=5,hours=1.5")
    hours = ("--active", "22:00-06:00", "--timezone", "Europe/Berlin")
    before = int(time.time())
    done = heartbeat(database, "set", "night", *NEW, *checks, *hours)
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("night: next beat 2")
    [(event, queue, at_ms)] = planned(database)
    assert (event, queue) == ("heartbeat:night", "scheduled")
    assert before <= at_ms / 1000 - 1800 <= before + 60
    [entry] = listed(database)
    assert entry.pop("schedule").endswith("RRULE:FREQ=MINUTELY;INTERVAL=30")
    assert entry.pop("next").endswith("Z")
    assert entry == {
        "id": "night",
        "sessionId": "telegram:chat:-1001234567890",
        "every": "every 30 minutes",
        "activeHours": {"start": "22:00", "end": "06:00", "timezone": "Europe/Berlin"},
        "checks": {"failed_runs": {}, "negative_feedback": {"threshold": 5, "hours": 1.5}},
        "enabled": True,
        "last": None,
    }
    told = heartbeat(database, "list").stdout
    assert told.startswith("night: every 30 minutes, 22:00-06:00 Europe/Berlin, to telegram:chat:-1001234567890; ")
    assert "negative_feedback:hours=1.5,threshold=5" in told
    assert told.endswith("; no beat yet\n")


def test_setting_again_changes_only_what_is_given(database: Path) -> None:
    """Off takes the next beat away, on plans it again."""
    heartbeat(database, "set", "h", *NEW, "--check", "database_health", "--active", "08:00-22:00")
    [first] = listed(database)
    assert first["activeHours"] == {"start": "08:00", "end": "22:00", "timezone": "UTC"}
    assert heartbeat(database, "set", "h", "--off").stdout == "h: off\n"
    assert planned(database) == []
    [off] = listed(database)
    assert {**off, "enabled": True, "next": first["next"]} == first
    assert "; off; " in heartbeat(database, "list").stdout
    heartbeat(database, "set", "h", "--on", "--timezone", "Asia/Tokyo", "--to", "5", "--check", "failed_runs")
    [entry] = listed(database)
    assert entry["activeHours"] == {"start": "08:00", "end": "22:00", "timezone": "Asia/Tokyo"}
    assert (entry["sessionId"], entry["checks"], entry["enabled"]) == ("telegram:chat:5", {"failed_runs": {}}, True)
    assert entry["next"] == first["next"]
    heartbeat(database, "set", "h", "--active", "always", "--every", "daily 09:00", "--timezone", "Europe/Berlin")
    [entry] = listed(database)
    assert (entry["activeHours"], entry["every"]) == (None, "daily at 09:00 (Europe/Berlin)")
    assert len(planned(database)) == 1


def test_a_policy_without_checks_says_so(database: Path) -> None:
    """It may be set, as the reason no_active_checks would tell later."""
    assert "no checks yet" in heartbeat(database, "set", "h", *NEW).stdout
    assert "; no checks; " in heartbeat(database, "list").stdout


def test_run_asks_for_one_more_beat(database: Path) -> None:
    """Beside the next one, which stays."""
    heartbeat(database, "set", "h", *NEW, "--check", "failed_runs")
    before = planned(database)
    done = heartbeat(database, "run", "h")
    assert done.exit_code == 0
    assert done.stdout.startswith("h: asked for, as beat:h:manual:")
    [added] = [row for row in planned(database) if row not in before]
    assert added[0] == "heartbeat:h:manual"
    assert added[1] == "scheduled"


def test_delete_removes_the_policy_and_its_next_beat(database: Path) -> None:
    """Of no other one."""
    heartbeat(database, "set", "h", *NEW)
    heartbeat(database, "set", "other", *NEW)
    assert heartbeat(database, "delete", "h").stdout == "h: deleted\n"
    assert [entry["id"] for entry in listed(database)] == ["other"]
    assert [row[0] for row in planned(database)] == ["heartbeat:other"]


def test_nothing_is_listed_of_nothing(database: Path) -> None:
    """In words and in JSON."""
    assert heartbeat(database, "list").stdout == "no heartbeat policies\n"
    assert listed(database) == []


WRONG = [
    (("set", "new"), "new is a new policy and needs --every and --to"),
    (("set", "new", "--every", "every 30 minutes"), "needs --every and --to"),
    (("set", "a b", *NEW), "ID: expected letters"),
    (("set", "", *NEW), "ID: expected letters"),
    (("set", "h", "--every", "every 0 minutes"), "--every: This schedule cannot be read"),
    (("set", "h", "--every", "once 2001-01-01 08:00"), "--every: "),
    (("set", "h", "--to", "@channel"), "--to: expected a chat's id"),
    (("set", "h", "--to", "0"), "--to: expected a chat's id"),
    (("set", "h", "--check", "weather"), "--check: 'weather' is no check; there are failed_runs"),
    (("set", "h", "--check", "negative_feedback:size=3"), "negative_feedback has no setting 'size'"),
    (("set", "h", "--check", "negative_feedback:threshold"), "expected setting=number"),
    (("set", "h", "--check", "negative_feedback:threshold=many"), "expected setting=number"),
    (("set", "h", "--check", "negative_feedback:threshold=0"), "threshold must be a number above 0"),
    (("set", "h", "--active", "8-22"), "--active: expected active hours like 08:00-22:00"),
    (("set", "h", "--active", "08:00-24:00"), "--active: expected active hours"),
    (("set", "h", "--active", "08:00-08:00"), "--active: expected active hours"),
    (("set", "h", "--timezone", "Nowhere"), "--timezone: expected an IANA time zone"),
    (("run", "other"), "there is no heartbeat policy 'other'"),
    (("delete", "other"), "there is no heartbeat policy 'other'"),
]


def test_what_is_wrong_is_said_in_one_line_and_changes_nothing(database: Path) -> None:
    """With exit status 1."""
    heartbeat(database, "set", "h", *NEW, "--check", "failed_runs")
    before = listed(database), planned(database)
    for arguments, said in WRONG:
        done = heartbeat(database, *arguments)
        assert done.exit_code == 1, arguments
        assert said in done.stderr
        assert done.stderr.startswith("polar: ")
        assert done.stderr.count("\n") == 1
    assert (listed(database), planned(database)) == before


def test_a_file_that_is_not_of_this_version_is_refused(tmp_path: Path) -> None:
    """In one line that says what to do; nothing is created."""
    done = heartbeat(tmp_path / "none.db", "list")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "polar db migrate" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "none.db").exists()


def test_a_database_that_is_busy_is_told_in_one_line(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program holds it for longer than we wait; nothing is changed."""
    monkeypatch.setattr("storage.sqlite.connections.BUSY_TIMEOUT_MS", 10)
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = heartbeat(database, "set", "h", *NEW)
        other.execute("ROLLBACK")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "cannot be used just now: database is locked" in done.stderr
    assert listed(database) == []


@pytest.mark.parametrize("change", ["checksJson = '['", "schedule = 'whenever'"])
def test_a_damaged_policy_can_be_set_anew_or_deleted(database: Path, change: str) -> None:
    """As its error says."""
    heartbeat(database, "set", "h", *NEW, "--check", "failed_runs")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"UPDATE polar_heartbeat_policies SET {change}")
    shown = heartbeat(database, "list")
    assert "cannot be read" in shown.stdout + shown.stderr
    assert shown.stderr.count("\n") <= 1
    assert "needs --every and --to" in heartbeat(database, "set", "h", "--off").stderr
    assert heartbeat(database, "set", "h", *NEW).exit_code == 0
    assert [entry["checks"] for entry in listed(database)] == [{}]
    assert heartbeat(database, "delete", "h").exit_code == 0


@pytest.mark.usefixtures("hasty")
async def test_a_bot_that_runs_notices_by_itself(house: House) -> None:
    """Set, run, list and delete beside it: nothing is told to it but by the rows."""
    clock = TestClock(round(time.time() * 1000))
    _, chat = house.chat()
    checks = ("--check", "database_health:megabytes=0.01,free_megabytes=0.001")

    def beside(*arguments: str) -> str:
        done = heartbeat(house.path, *arguments)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def entered() -> list[tuple[Any, ...]]:
        return house.rows(
            "SELECT trigger, json_extract(output, '$.status') FROM polar_run_events WHERE source = 'heartbeat' "
            "ORDER BY sequence"
        )

    async with house.bot(clock) as bot:
        beside("set", "h", "--every", "every 1 minute", "--to", str(chat.id), *checks)
        beside("run", "h")
        clock.now_ms = round(time.time() * 1000)
        await until(lambda: len(entered()) == 1)
        clock.advance(seconds=61)
        await until(lambda: len(entered()) == 2)
        await idle(house)
        assert "last executed" in beside("list")
        beside("delete", "h")
        clock.advance(seconds=600)
        bot.app.runner.wake()
        await idle(house)
        assert not bot.finished.done()
    assert entered() == [("manual", "executed"), ("heartbeat", "executed")]
    reports = texts(house, chat)
    assert len(reports) == 2
    assert all("MiB, over the 0.01 of this check" in report for report in reports)
    assert house.rows("SELECT * FROM polar_scheduler_events WHERE queue = 'scheduled'") == []
