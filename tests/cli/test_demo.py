"""`polar demo --exit` says with its status whether what it shows has happened."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bot.demo.screen import Screen
from bot.demo.script import Script
from bot.demo.stage import Stage
from tests.house import CHECKOUT, House


async def run(house: House, *arguments: str) -> tuple[int | None, str]:
    """Exit status and output of a command of this checkout."""
    process = await asyncio.create_subprocess_exec(
        *house.command(*arguments), cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    printed, _ = await asyncio.wait_for(process.communicate(), timeout=120)
    return process.returncode, printed.decode()


async def test_the_demo_shows_a_conversation_a_crash_and_all_of_it_still_there(house: House, tmp_path: Path) -> None:
    """Chat, reactions, a press, an automation, kill -9, then what the second process found; status 0."""
    picture = tmp_path / "demo.svg"
    status, printed = await run(house, "demo", "--exit", "--picture", str(picture))
    assert status == 0
    wanted = ["my bike is green", "changes it to 👎", "presses the 👍", "kill -9", "⏰ stretch your legs", "pong"]
    assert [text for text in wanted if text not in printed] == []
    assert printed.count("✔") == 4
    assert "✘" not in printed
    assert picture.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE polar_updates SET status = 'dead' WHERE sequence = 2",
        "DELETE FROM polar_messages WHERE role = 'assistant' AND text = 'pong'",
        "UPDATE polar_delivery_queue SET status = 'failed' WHERE sequence = 1",
        "INSERT INTO polar_feedback_events VALUES ('x', 'reaction_added', 's', 'm', '👍', 'positive', '{}', 1)",
        "INSERT INTO polar_run_events (source, id, runId, profileId, trigger, output, createdAtMs) "
        "VALUES ('automation', 'x', 'y', 'p', 'schedule', '{\"status\":\"executed\"}', 1)",
    ],
)
async def test_the_second_process_finds_what_is_wrong(played: Path, tmp_path: Path, damage: str) -> None:
    """A row that is missing, doubled or in the wrong state turns its exit status to 1."""
    database = tmp_path / "damaged.db"
    shutil.copy(played / "polar-system.db", database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(damage)
    assert await verify(database, played / "telegram.jsonl") == 1


async def test_the_second_process_finds_a_reply_that_was_sent_twice(played: Path, tmp_path: Path) -> None:
    """It compares with what Telegram says, not only with what the database says of itself."""
    lines = (played / "telegram.jsonl").read_text(encoding="utf-8").splitlines()
    sent = next(line for line in lines if json.loads(line).get("method") == "sendMessage")
    log = tmp_path / "doubled.jsonl"
    log.write_text("\n".join([*lines, json.dumps({**json.loads(sent), "message_id": 99})]), encoding="utf-8")
    assert await verify(played / "polar-system.db", played / "telegram.jsonl") == 0
    assert await verify(played / "polar-system.db", log) == 1


async def verify(database: Path, log: Path) -> int | None:
    """The exit status of the demo's second process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.demo.verify", str(database), str(log), cwd=CHECKOUT,
        stdout=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    return await asyncio.wait_for(process.wait(), timeout=60)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database and Telegram's log of one whole demo."""
    folder = tmp_path_factory.mktemp("demo")

    async def play() -> bool:
        stage = Stage(folder)
        try:
            await stage.open()
            return await Script(stage, Screen(record=False)).play()
        finally:
            await stage.close()

    assert asyncio.run(play())
    with closing(sqlite3.connect(folder / "polar-system.db")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return folder
