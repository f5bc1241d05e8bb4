"""`polar demo --exit` says with its status whether what it shows has happened."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from demo.screen import Screen, formatted
from demo.script import Script
from demo.stage import Stage
from tests.house import CHECKOUT, House, until

pytestmark = pytest.mark.slow


async def run(house: House, *arguments: str) -> tuple[int | None, str]:
    """Exit status and output of a command of this checkout; the proxy that its environment names is not there."""
    process = await asyncio.create_subprocess_exec(
        *house.command(*arguments),
        cwd=CHECKOUT,
        env={**os.environ, "HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""},
        stdout=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), timeout=300)
    return process.returncode, printed.decode()


async def test_the_demo_shows_a_conversation_a_crash_and_all_of_it_still_there(house: House, tmp_path: Path) -> None:
    """Chat, reactions, a press, an automation, kill -9, then what the second process found; status 0."""
    picture = tmp_path / "demo.svg"
    status, printed = await run(house, "demo", "--exit", "--picture", str(picture))
    assert status == 0
    wanted = ["my bike is green", "changes it to 👎", "presses [👍]", "kill -9", "⏰ stretch your legs", "pong"]
    wanted += [
        "I am a canned model",
        "(Asia/Kolkata): deferred",
        "[✅ Create]",
        "bot is writing…",
        "3. and kill -9 loses neither.",
        "too little is left",
        "kto: 1 to train with",
        '{"prompt":[{"role":"user","content":"remember that my bike is green\\nwhat colour',
    ]
    assert [text for text in wanted if text not in printed] == []
    assert printed.count("✔") == 9
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
        "UPDATE polar_messages SET origin = '{}' WHERE text LIKE 'Polar keeps%'",
        "UPDATE polar_messages SET answersMessageId = NULL WHERE text LIKE 'Polar keeps%'",
        'UPDATE polar_memory SET record = \'{"fact":"my bike is red"}\'',
        "UPDATE polar_proposals SET status = 'declined'",
        "UPDATE polar_audit SET outcome = 'answered' WHERE outcome = 'blocked'",
    ],
)
async def test_the_second_process_finds_what_is_wrong(played: Path, tmp_path: Path, damage: str) -> None:
    """A row that is missing, doubled or in the wrong state turns its exit status to 1."""
    database = tmp_path / "damaged.db"
    shutil.copy(played / "polar-system.db", database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(damage)
    assert await verify(played, database=database) == 1


def test_what_telegram_formats_is_formatted_in_the_terminal() -> None:
    """Entities count UTF-16 units; the text stays as it is."""
    message = {"text": "🚲 is green", "entities": [{"type": "bold", "offset": 3, "length": 2}]}
    text = formatted(message)
    assert text.plain == "🚲 is green"
    assert [(span.start, span.end, span.style) for span in text.spans] == [(2, 4, "bold")]


async def test_the_second_process_finds_a_reply_that_was_sent_twice(played: Path, tmp_path: Path) -> None:
    """It compares with what Telegram says, not only with what the database says of itself."""
    lines = (played / "telegram.jsonl").read_text(encoding="utf-8").splitlines()
    sent = next(line for line in lines if json.loads(line).get("method") == "sendMessage")
    log = tmp_path / "doubled.jsonl"
    log.write_text("\n".join([*lines, json.dumps({**json.loads(sent), "message_id": 99})]), encoding="utf-8")
    assert await verify(played) == 0
    assert await verify(played, log=log) == 1


@pytest.mark.parametrize("damage", ["asked over budget", "asked once more", "no call was cut", "never told the fact"])
async def test_the_second_process_finds_what_the_model_should_not_have_seen(
    played: Path, tmp_path: Path, damage: str
) -> None:
    """It compares with what the model was asked, too."""
    exchanges = json.loads((played / "model.json").read_text(encoding="utf-8"))
    last = exchanges[-1]
    if damage == "asked over budget":
        last["request"]["messages"][-1]["content"] = "and what is the meaning of life?"
    elif damage == "asked once more":
        exchanges.append(last)
    elif damage == "no call was cut":
        exchanges = [exchange for exchange in exchanges if exchange["ended"] == "whole"]
    else:
        for exchange in exchanges:
            exchange["request"]["messages"][0]["content"] = ""
    requests = tmp_path / "model.json"
    requests.write_text(json.dumps(exchanges), encoding="utf-8")
    assert await verify(played, requests=requests) == 1


async def verify(
    played: Path, *, database: Path | None = None, log: Path | None = None, requests: Path | None = None
) -> int | None:
    """The exit status of the demo's second process, looking at these files in place of those of a demo."""
    files = (
        database or played / "polar-system.db",
        log or played / "telegram.jsonl",
        requests or played / "model.json",
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "demo.verify", *map(str, files), cwd=CHECKOUT, stdout=asyncio.subprocess.DEVNULL
    )
    return await asyncio.wait_for(process.wait(), timeout=60)


def test_after_the_script_one_may_write_oneself(played: Path) -> None:
    """In the terminal or in the browser, to the bot with its model; the budget of the script is gone."""
    shown = (played / "talk.svg").read_text(encoding="utf-8").replace("&#160;", " ")
    assert "in the browser: http://127.0.0.1:" in shown
    assert "model for demonstrations, not a" in shown


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of one whole demo, and a picture of somebody's writing after it."""
    stage = Stage(tmp_path_factory.mktemp("demo"))
    kept = tmp_path_factory.mktemp("played")

    async def play() -> bool:
        try:
            await stage.open()
            screen = Screen(record=True)
            script = Script(stage, screen)
            happened = await script.play()
            assert isinstance(stage.database, Path)
            for file in (stage.database, stage.log, stage.requests):
                shutil.copy(file, kept)
            with pytest.MonkeyPatch.context() as patch:
                await talk(stage, script, patch)
            screen.save(kept / "talk.svg")
            return happened
        finally:
            await stage.close()

    assert asyncio.run(play())
    with closing(sqlite3.connect(kept / "polar-system.db")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    return kept


async def talk(stage: Stage, script: Script, patch: pytest.MonkeyPatch) -> None:
    """One line is typed, then input ends."""
    typed, keyboard = os.pipe()
    greeted = "SELECT count(*) FROM polar_messages WHERE text LIKE 'Hello!%' AND messageId IS NOT NULL"
    with os.fdopen(typed, encoding="utf-8") as terminal:
        patch.setattr(sys, "stdin", terminal)
        talking = asyncio.create_task(script.talk())
        os.write(keyboard, b"hello\n")
        await until(lambda: stage.rows(greeted) == [(1,)], timeout_s=60)
        os.close(keyboard)
        await talking
