"""A copy made while the bot runs, and put back: nothing is sent twice, nobody who was erased returns."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from bot.clock import system_clock
from storage import care
from storage.care import put_back as restore
from storage.sqlite.backup import back_up
from tests.automating import HOUR, create, outcomes, pass_time
from tests.bot.cli.terminal import polar, printed
from tests.clocks import TestClock
from tests.house import House, until
from tests.looking import idle, mentions, tell
from tests.pressing import forget_me
from tests.responders import ECHO
from tests.storage.files import NOW_MS, plain, rows, running

pytestmark = pytest.mark.slow

SECRET = "swordfish"
MESSAGES = 100
JOB = "INSERT INTO polar_automation_jobs VALUES (?, '7', 's', 'FREQ=DAILY', 'p', 1, NULL, NULL, 1, 1)"
RESTORE = """
import pathlib, sys, time
from storage.sqlite import backup, replacing
from storage.care import put_back as restore
backup.STEP_PAGES = replacing.STEP_PAGES = 20
path, copy, part = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
parts = []
def wait(done, of):
    if done == 60:
        parts.append(of)
        if len(parts) == part:
            print("ready", flush=True)
            time.sleep(60)
restore(path, copy, None, wait, now_ms=5)
"""


async def test_a_copy_of_a_running_bot_is_gone_on_with(house: House, tmp_path: Path) -> None:
    """What was answered, sent, run or erased since it was made is not done again, and what is next comes once."""
    clock, copy = TestClock(), tmp_path / "copy"
    ann, chat = house.chat()
    bob, other = house.chat("Bob")
    async with house.bot(clock, responder=ECHO) as bot:
        await tell(house, chat, ann, f"I know {SECRET}")
        await tell(house, chat, ann, f"/remember {SECRET}")
        await create(house, other, bob, "every 1 hour", "tea")
        house.world.fault("sendMessage", "hang", times=1, chat=other.id)
        house.world.say(other, bob, "under way")
        await until(lambda: house.rows("SELECT count(*) FROM polar_delivery_queue WHERE status = 'sending'") == [(1,)])
        for number in range(MESSAGES):
            house.world.say(chat, ann, f"question {number}")
        made = await asyncio.to_thread(polar, "db", "backup", str(copy), "--json", database=house.location)
        assert printed(made)["bytes"] > 0
        house.world.clear_faults()
        await idle(house)
        await pass_time(house, bot, clock, seconds=HOUR, runs=1)
        await forget_me(house, chat, ann)
        await idle(house)
    sent = len(house.world.sent())
    ahead_s = round((clock() - system_clock()()) / 1000) + 1
    done = printed(polar("db", "restore", str(copy), "--json", database=house.location, clock_offset_seconds=ahead_s))
    assert (done["erased"], done["deliveries"] + done["updates"] > 0) == (1, True)
    assert mentions(house, SECRET) == set()
    async with house.bot(clock, responder=ECHO) as bot:
        await idle(house)
        assert len(house.world.sent()) == sent
        assert outcomes(house) == [("skipped", "restored")]
        await pass_time(house, bot, clock, seconds=HOUR, runs=2)
    assert len(house.world.sent()) == sent + 1
    assert mentions(house, SECRET) == set()


@pytest.mark.parametrize("part", [1, 2])
def test_whoever_is_killed_within_it_leaves_the_former_database(tmp_path: Path, part: int) -> None:
    """While the copy is prepared, and while it is written into the file: a bot may start on it, or it is done again."""
    path = tmp_path / "polar-system.db"
    care.migrate(path, now_ms=NOW_MS)
    with plain(path) as connection:
        connection.execute(JOB, ("kept",))
    copy = tmp_path / "copy"
    back_up(path, copy, lambda done, of: None)
    with plain(path) as connection:
        connection.execute(JOB, ("later",))
    with running(RESTORE, path, copy, part):
        pass  # killed at its end
    assert rows(path, "SELECT id FROM polar_automation_jobs ORDER BY id") == [("kept",), ("later",)]
    assert care.find_problems(path) == []
    assert care.migrate(path, now_ms=NOW_MS) == []
    restore(path, copy, None, lambda done, of: None, now_ms=NOW_MS)
    assert rows(path, "SELECT id FROM polar_automation_jobs") == [("kept",)]
    assert not list(path.parent.glob("*.restoring*"))


async def test_a_lost_file_is_put_back_with_the_list_that_was_kept_beside_the_copy(
    house: House, tmp_path: Path
) -> None:
    """As `polar erase --list --json` made it, before everything was lost."""
    copy, kept = tmp_path / "copy", tmp_path / "erasures.json"
    ann, chat = house.chat()
    async with house.bot(responder=ECHO):
        await tell(house, chat, ann, f"I know {SECRET}")
    printed(polar("db", "backup", str(copy), "--json", database=house.location))
    printed(polar("erase", str(ann.id), "--json", database=house.location))
    kept.write_text(polar("erase", "--list", "--json", database=house.location).stdout, encoding="utf-8")
    assert json.loads(kept.read_text(encoding="utf-8"))["erasures"][0]["userId"] == str(ann.id)
    for file in house.folder.glob(f"{house.path.name}*"):
        file.unlink()
    refused = polar("db", "restore", str(copy), database=house.location)
    assert (refused.exit_code, "--erasures FILE" in refused.stderr) == (1, True)
    told = polar("db", "restore", str(copy), "--erasures", str(kept), database=house.location)
    assert "people erased again      1\n" in told.stdout
    assert mentions(house, SECRET) == set()
    async with house.bot(responder=ECHO):
        assert await tell(house, chat, ann, "hello") == ["echo: hello"]
