"""One whole demo, at a terminal: what it shows has happened, and one may write to its bot until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot import home
from demo import verify as second
from demo.screen import formatted
from tests.demo.terminal import CTRL_C, ended, left_behind, shown, start, type_in

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Played:
    """What was seen of a demo, and its files as they were after the script."""

    kept: Path
    script: str
    talk: str
    last: str
    status: int | None
    left: list[str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """`make demo` from its start to a Ctrl-C in the chat after it."""
    return asyncio.run(play(tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("played")))


async def play(folder: Path, kept: Path) -> Played:
    """Where a proxy is named that is not there, in a terminal that is wide; a line is typed, and half a line."""
    makefile = folder / "Makefile"
    makefile.write_text(f"demo:\n\t@{' '.join(home.command('bot', 'demo'))}\n", encoding="utf-8")
    async with asyncio.timeout(300):
        process = await start(
            "make", "demo", folder=folder, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="", COLUMNS="120"
        )
        script = await shown(process, "Ctrl-C ends")
        keep(folder, kept)
        await type_in(process, b"hello\n")
        talk = await shown(process, "model for demonstrations")
        await type_in(process, b"half a lin" + CTRL_C)
        status, last = await ended(process)
    return Played(kept, script, talk, last, status, left_behind(folder))


def keep(folder: Path, kept: Path) -> None:
    """Copies of the demo's files, while its processes run: whole rows, whole lines."""
    [made] = folder.glob("polar-demo-*")
    with (
        closing(sqlite3.connect(made / "polar-system.db")) as used,
        closing(sqlite3.connect(kept / "polar-system.db")) as copy,
    ):
        used.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
    shutil.copy(made / "model.json", kept)
    lines = (made / "telegram.jsonl").read_text(encoding="utf-8").rpartition("\n")[0]
    (kept / "telegram.jsonl").write_text(lines, encoding="utf-8")


def verify(
    monkeypatch: pytest.MonkeyPatch,
    played: Played,
    *,
    database: Path | None = None,
    log: Path | None = None,
    requests: Path | None = None,
) -> int:
    """The exit status of the demo's second process, looking at these files in place of those of a demo."""
    files = (
        database or played.kept / "polar-system.db",
        log or played.kept / "telegram.jsonl",
        requests or played.kept / "model.json",
    )
    monkeypatch.setattr(sys, "argv", ["demo.verify", *map(str, files)])
    return second.main()


def test_the_demo_shows_a_conversation_a_crash_and_all_of_it_still_there(played: Played) -> None:
    """Chat, reactions, a press, an automation, kill -9, then what the second process found."""
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
    assert [text for text in wanted if text not in played.script] == []
    assert played.script.count("✔") == 9
    assert "✘" not in played.script


def test_ctrl_c_in_the_chat_is_the_end_of_make_demo(played: Played) -> None:
    """Status 0 of make itself, one kind line, nothing of make's; no process and no file stays behind."""
    assert played.status == 0
    assert "That was the demo" in played.last
    for trace in ("Traceback", "make: ***", "Interrupt", "Error"):
        assert trace not in played.last
    assert played.left == []


def test_after_the_script_one_may_write_oneself(played: Played) -> None:
    """In the terminal or in the browser, to the bot with its model; the budget of the script is gone."""
    assert "in the browser: http://127.0.0.1:" in played.script
    assert "model for demonstrations" in played.talk and "too little is left" not in played.talk


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
def test_the_second_process_finds_what_is_wrong(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """A row that is missing, doubled or in the wrong state turns its exit status to 1."""
    database = tmp_path / "damaged.db"
    shutil.copy(played.kept / "polar-system.db", database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(damage)
    assert verify(monkeypatch, played, database=database) == 1


def test_what_telegram_formats_is_formatted_in_the_terminal() -> None:
    """Entities count UTF-16 units; the text stays as it is."""
    message = {"text": "🚲 is green", "entities": [{"type": "bold", "offset": 3, "length": 2}]}
    text = formatted(message)
    assert text.plain == "🚲 is green"
    assert [(span.start, span.end, span.style) for span in text.spans] == [(2, 4, "bold")]


def test_the_second_process_finds_a_reply_that_was_sent_twice(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It compares with what Telegram says, not only with what the database says of itself."""
    lines = (played.kept / "telegram.jsonl").read_text(encoding="utf-8").splitlines()
    sent = next(line for line in lines if json.loads(line).get("method") == "sendMessage")
    log = tmp_path / "doubled.jsonl"
    log.write_text("\n".join([*lines, json.dumps({**json.loads(sent), "message_id": 99})]), encoding="utf-8")
    assert verify(monkeypatch, played) == 0
    assert verify(monkeypatch, played, log=log) == 1


@pytest.mark.parametrize("damage", ["asked over budget", "asked once more", "no call was cut", "never told the fact"])
def test_the_second_process_finds_what_the_model_should_not_have_seen(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """It compares with what the model was asked, too."""
    exchanges = json.loads((played.kept / "model.json").read_text(encoding="utf-8"))
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
    assert verify(monkeypatch, played, requests=requests) == 1
