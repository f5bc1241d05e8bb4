"""`polar feedback dataset`: the command, what it says, and what a killed one leaves."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.settings import environment
from storage.database import Database
from tests.bot.cli.terminal import polar, printed
from tests.bot.feedback.sharing import Talk
from tests.house import CHECKOUT
from tests.storage.files import plain

KTO = ("feedback", "dataset", "--form", "kto", "--out")


def told(path: Path, tell: Callable[[Talk], Awaitable[None]]) -> None:
    """Put into a database what people said."""

    async def write() -> None:
        database = await Database.open(path, now_ms=1)
        try:
            await tell(Talk(database, path.parent))
        finally:
            await database.close()

    asyncio.run(write())


async def two_answers(talk: Talk) -> None:
    """Ann shares, Bob has said nothing."""
    await talk.share("7")
    await talk.rate(await talk.ask())
    await talk.rate(await talk.ask(chat=8, person="8"), chat=8, person="8")


@pytest.fixture
def rated(database: Path) -> Path:
    """A database with two rated answers."""
    told(database, two_answers)
    return database


def test_it_says_what_it_has_written_and_what_it_left_out(rated: Path, tmp_path: Path) -> None:
    """A form a line, then why not more."""
    out = tmp_path / "set"
    assert polar(*KTO, str(out), database=rated).stdout.splitlines() == [
        "kto: 1 to train with, 0 to test with",
        f"of 1 person; written to {out}",
        "left out: 1 answers with words of somebody who has not said /feedback share on",
    ]


def test_programs_are_told_the_same(rated: Path, tmp_path: Path) -> None:
    """By names that the manifest has, too."""
    facts: dict[str, Any] = printed(polar(*KTO, str(tmp_path / "set"), "--form", "dpo", "--json", database=rated))
    assert facts == {
        "folder": str(tmp_path / "set"),
        "forms": {"kto": {"train": 1, "test": 0}, "dpo": {"train": 0, "test": 0}},
        "people": 1,
        "since": "",
        "automations": False,
        "freshIds": False,
        "leftOut": {"no_leave": 1},
        "withdrawn": 0,
    }


def test_what_was_withdrawn_is_said(rated: Path, tmp_path: Path) -> None:
    """With where to find which."""
    out = tmp_path / "set"
    assert polar(*KTO, str(out), database=rated).exit_code == 0
    with plain(rated) as connection:
        connection.execute("UPDATE polar_shares SET isShared = 0")
    said = polar(*KTO, str(out), database=rated).stdout
    assert "withdrawn since the former files, and listed in manifest.json: 1\n" in said


@pytest.mark.parametrize(
    "wrong", [("--form", "csv"), ("--since", "yesterday"), ("--include", "heartbeats")], ids=lambda wrong: wrong[0]
)
def test_what_is_not_understood_is_wrong_usage(rated: Path, tmp_path: Path, wrong: tuple[str, str]) -> None:
    """With what was expected; nothing is written."""
    done = polar(*KTO, str(tmp_path / "set"), *wrong, database=rated)
    assert done.exit_code == 2
    assert "expected" in done.stderr
    assert not (tmp_path / "set").exists()


def test_without_a_key_ids_can_only_be_fresh(rated: Path, tmp_path: Path) -> None:
    """Ids by no key would be anybody's to guess."""
    with plain(rated) as connection:
        connection.execute("DELETE FROM polar_keys WHERE purpose = 'files'")
    done = polar(*KTO, str(tmp_path / "set"), database=rated)
    assert done.exit_code == 1
    assert "--fresh-ids needs none" in done.stderr
    assert polar(*KTO, str(tmp_path / "set"), "--fresh-ids", database=rated).exit_code == 0


@pytest.mark.slow
def test_a_killed_command_leaves_a_whole_folder(database: Path, tmp_path: Path) -> None:
    """At whatever moment: the former one, or the new one if it was there already."""

    async def many(talk: Talk) -> None:
        await talk.share("7")
        for number in range(100):
            await talk.rate(await talk.ask(f"question {number}"))

    told(database, many)
    out, both = tmp_path / "set", ("--form", "sft", "--form", "kto")
    former, new = files(out, database, *both), files(out, database, "--form", "kto")
    command = [sys.executable, "-m", "bot", *KTO, str(out)]
    environ = environment(os.environ, {"database": database})
    for waits_for in ("kto-train.jsonl", "README.md"):
        assert files(out, database, *both) == former
        with subprocess.Popen(command, cwd=CHECKOUT, env=environ, stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and not (tmp_path / ".set.new" / waits_for).exists():
                pass
            process.send_signal(signal.SIGKILL)
        assert read(out) in (former, new)
    assert files(out, database, *both) == former
    assert not (tmp_path / ".set.new").exists()


def files(out: Path, database: Path, *forms: str) -> tuple[tuple[str, bytes], ...]:
    """A folder as the command makes it."""
    assert polar("feedback", "dataset", "--out", str(out), *forms, database=database).exit_code == 0
    return read(out)


def read(out: Path) -> tuple[tuple[str, bytes], ...]:
    """All that is in it."""
    return tuple((path.name, path.read_bytes()) for path in sorted(out.iterdir()))
