"""`polar feedback labels`: a line for each stance, without a text and without an id of Telegram's."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.settings import environment
from storage.database import Database
from storage.tables.shares import Shares
from teaching.dropped import WORDS
from tests.bot.cli.terminal import polar, printed
from tests.house import CHECKOUT
from tests.storage.files import digest, plain
from tests.storage.rating import BOT, RatedChat

KEYS = [
    "id",
    "answer",
    "person",
    "conversation",
    "split",
    "label",
    "score",
    "emoji",
    "via",
    "asker",
    "model",
    "personality",
    "automation",
    "experiment",
    "variant",
    "at_ms",
]
SECRET = "swordfish"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the file will be."""
    return tmp_path / "files" / "labels.jsonl"


def written(path: Path, tell: Callable[[Database], Awaitable[None]]) -> None:
    """Put into a database what people said."""

    async def write() -> None:
        database = await Database.open(path, now_ms=1)
        try:
            await tell(database)
        finally:
            await database.close()

    asyncio.run(write())


async def talk(database: Database) -> None:
    """Ann and Bob in a group, Ann in private, and an automation."""
    group = RatedChat(database, chat_id=-4711)
    number = await group.answered(person="70001", text=SECRET)
    await group.rate(number, "👍", person="70001")
    await group.rate(number, "👎", person="70002")
    private = RatedChat(database, chat_id=70001)
    number = await private.answered(person="70001", origin=replace(BOT, experiment="terse", variant="short"))
    await private.rate(number, "🔥", person="70001")
    [number] = await private.say(SECRET, origin=replace(BOT, automation_id="job-4711", run_id="run:job-4711:1"))
    await private.rate(number, "👎", person="70001")


def rows(out: Path) -> list[dict[str, Any]]:
    """The lines of the file."""
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def test_each_stance_is_a_line(path: Path, out: Path) -> None:
    """With these fields in this order, no null, and none of people, chats, texts or jobs by name."""
    written(path, talk)
    told = printed(polar("feedback", "labels", "--out", str(out), "--json", database=path))
    assert told == {
        "file": str(out),
        "labels": 3,
        "answers": 2,
        "people": 2,
        "positive": 2,
        "negative": 1,
        "train": 3,
        "test": 0,
        "dropped": {"automation": 1},
        "changed": True,
    }
    found = rows(out)
    assert [list(row) for row in found] == [KEYS] * 3
    assert None not in [value for row in found for value in row.values()]
    assert sorted((row["emoji"], row["score"], row["label"], row["asker"]) for row in found) == [
        ("👍", 1, "positive", True),
        ("👎", -1, "negative", False),
        ("🔥", 1, "positive", True),
    ]
    assert [row["id"] for row in found] == sorted(row["id"] for row in found)
    by_emoji = {row["emoji"]: row for row in found}
    assert by_emoji["👍"]["answer"] == by_emoji["👎"]["answer"] != by_emoji["🔥"]["answer"]
    assert by_emoji["👍"]["person"] == by_emoji["🔥"]["person"] != by_emoji["👎"]["person"]
    assert (by_emoji["🔥"]["experiment"], by_emoji["🔥"]["variant"], by_emoji["🔥"]["model"]) == ("terse", "short", "m")
    text = out.read_text(encoding="utf-8")
    told = re.sub(r"[0-9a-f]{32}", "", text)  # by chance a digest has any four digits
    assert [name for name in ("4711", "70001", "70002", SECRET, "msg_a", "telegram") if name in told] == []
    assert out.stat().st_mode & 0o777 == 0o600


def test_the_same_data_gives_the_same_bytes(path: Path, out: Path) -> None:
    """And a file that has them is left alone; the database is only read."""
    written(path, talk)
    polar("feedback", "labels", "--out", str(out), database=path)
    first, before = out.read_bytes(), digest(path)
    done = polar("feedback", "labels", "--out", str(out), database=path)
    assert out.read_bytes() == first
    assert digest(path) == before
    assert done.stdout.splitlines() == [
        "3 labels of 2 people on 2 answers: 2 positive, 1 negative",
        "3 to train with, 0 to test with",
        f"unchanged: {out}",
        f"left out: 1 {WORDS['automation']}",
    ]


def test_automations_count_where_they_are_asked_for(path: Path, out: Path) -> None:
    """By an id that is not the job's."""
    written(path, talk)
    told = printed(polar("feedback", "labels", "--out", str(out), "--include", "automations", "--json", database=path))
    assert (told["labels"], told["dropped"]) == (4, {})
    [row] = [row for row in rows(out) if row["automation"]]
    assert len(row["automation"]) == 32


def test_who_shares_nothing_is_left_out(path: Path, out: Path) -> None:
    """Only who has said so: who has said nothing counts, without a text."""

    async def refuse(database: Database) -> None:
        await talk(database)
        await database.commit(Shares.set("70002", False, now_ms=1), Shares.set("70001", True, now_ms=1))

    written(path, refuse)
    told = printed(polar("feedback", "labels", "--out", str(out), "--json", database=path))
    assert (told["people"], told["dropped"]) == (1, {"automation": 1, "not_shared": 1})
    assert {row["emoji"] for row in rows(out)} == {"👍", "🔥"}


def test_fresh_ids_link_nothing_to_another_file(path: Path, out: Path) -> None:
    """No id comes twice, nor an instant; within the file they hold."""
    written(path, talk)
    polar("feedback", "labels", "--out", str(out), database=path)
    kept = out.read_text(encoding="utf-8")
    polar("feedback", "labels", "--out", str(out), "--fresh-ids", database=path)
    found = rows(out)
    named = [row[key] for row in found for key in ("id", "answer", "person", "conversation", "personality")]
    assert [name for name in named if name in kept] == []
    assert len({row["person"] for row in found}) == 2
    assert {row["at_ms"] for row in found} == {0}


def test_what_is_left_out_is_told_by_reason(path: Path, out: Path) -> None:
    """A contradiction, what was said before an edit, and what is on no answer."""

    async def tell(database: Database) -> None:
        chat = RatedChat(database)
        torn, edited = await chat.answered(), await chat.answered()
        for emoji in ("👍", "👎"):
            await chat.rate(torn, emoji)
        await chat.rate(edited, "👎")
        await chat.rate(await chat.ask(), "👎")
        with plain(path) as connection:
            connection.execute(
                "UPDATE polar_messages SET editedAtMs = ? WHERE telegramMessageId = ?", (chat.at_ms, edited)
            )

    written(path, tell)
    told = printed(polar("feedback", "labels", "--out", str(out), "--json", database=path))
    assert (told["labels"], told["dropped"]) == (0, {"contradictory": 1, "edited": 1, "no_responder": 1})
    assert out.read_text(encoding="utf-8") == ""


def test_answers_from_a_date_on(path: Path, out: Path) -> None:
    """A day begins at midnight UTC."""
    written(path, talk)
    told = printed(polar("feedback", "labels", "--out", str(out), "--since", "1970-01-02", "--json", database=path))
    assert told["labels"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--out'"),
        (("--out", "x", "--since", "yesterday"), "expected a date like 2026-11-01"),
        (("--out", "x", "--include", "everything"), "expected automations"),
    ],
)
def test_wrong_usage_says_what_is_allowed(database: Path, arguments: tuple[str, ...], said: str) -> None:
    """With status 2, before anything is read or written."""
    done = polar("feedback", "labels", *arguments, database=database)
    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_what_cannot_be_done_is_told_in_one_line(database: Path, tmp_path: Path) -> None:
    """With status 1: no database, no key, no folder."""
    (tmp_path / "file").touch()
    with plain(database) as connection:
        connection.execute("DELETE FROM polar_keys WHERE purpose = 'files'")
    for path, out, said in (
        (tmp_path / "none.db", tmp_path / "a", "none.db"),
        (database, tmp_path / "a", "--fresh-ids needs none"),
        (database, tmp_path / "file" / "a", "cannot be made or used"),
    ):
        arguments = () if "fresh" in said else ("--fresh-ids",)
        done = polar("feedback", "labels", "--out", str(out), *arguments, database=path)
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
        assert said in done.stderr


@pytest.mark.parametrize("kind", ["text", "folder", "pipe", "database"])
def test_what_is_no_file_of_labels_is_left_alone(database: Path, tmp_path: Path, kind: str) -> None:
    """Also where a link leads there: what is replaced would be gone."""
    (text := tmp_path / "thesis.txt").write_text("mine")
    (folder := tmp_path / "folder").mkdir()
    os.mkfifo(pipe := tmp_path / "pipe")
    there = {"text": text, "folder": folder, "pipe": pipe, "database": database}[kind]
    (link := tmp_path / "link").symlink_to(there)
    before = there.stat()
    for out in (link, there):
        done = polar("feedback", "labels", "--out", str(out), database=database)
        assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
        assert "is no file of labels; --out names a file of its own" in done.stderr
    after = there.stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)


def test_a_link_to_a_file_of_labels_stays_one(path: Path, out: Path) -> None:
    """The file that it leads to is replaced."""
    written(path, talk)
    out.parent.mkdir()
    (link := out.with_name("latest")).symlink_to(out)
    for _ in range(2):
        assert polar("feedback", "labels", "--out", str(link), database=path).exit_code == 0
    assert link.is_symlink()
    assert out.is_file()


STOPPING = """
import os, signal, sys

def stop(event, arguments):
    if event == "open" and isinstance(arguments[0], int) and arguments[1] == "w":
        os.kill(os.getpid(), signal.SIGSTOP)

sys.addaudithook(stop)
from bot.__main__ import main
sys.argv[0] = "polar"
main()
"""
"""The command, which stops by itself when it is about to write into the file's first form."""


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_the_file_as_it_was(path: Path, out: Path) -> None:
    """And the next one goes over what it has left."""
    written(path, talk)
    out.parent.mkdir()
    out.write_text('{"id":"as it was"}\n', encoding="utf-8")
    command = [sys.executable, "-c", STOPPING, "feedback", "labels", "--out", str(out)]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment({"PYTHONPATH": str(CHECKOUT)}, {"database": path})
    ) as process:
        os.waitpid(process.pid, os.WUNTRACED)
        process.send_signal(signal.SIGKILL)
    assert out.read_text(encoding="utf-8") == '{"id":"as it was"}\n'
    told = printed(polar("feedback", "labels", "--out", str(out), "--json", database=path))
    assert told["labels"] == len(rows(out)) == 3
    assert [file.name for file in out.parent.iterdir()] == [out.name]
