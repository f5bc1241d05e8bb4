"""`polar doctor`, as people and programs call it."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import app
from middleware import texts
from tests.bot.cli.terminal import polar
from tests.house import TOKEN, House
from tests.looking import awake, tell

NOBODY = "http://127.0.0.1:9"
"""Where no Telegram answers."""


def outcomes(printed: str) -> dict[str, tuple[str, str]]:
    """Of the JSON that was printed: the outcome and what was found, by check."""
    return {fact["check"]: (fact["outcome"], fact["found"]) for fact in json.loads(printed)["checks"]}


async def test_beside_a_bot_that_runs_all_is_well(house: House) -> None:
    """Status 0, though nobody has reacted yet; nothing is written into its database."""
    ann, chat = house.chat()
    settings: dict[str, Any] = {"database": house.path, "telegram_api_url": house.server.url}
    async with house.bot():
        await awake(house)
        await tell(house, chat, ann, "/ping")
        before = house.rows("SELECT * FROM polar_properties WHERE name <> 'beat_ms' AND name NOT LIKE '%poll%'")
        done = await asyncio.to_thread(polar, "doctor", "--json", telegram_bot_token=TOKEN, **settings)
        after = house.rows("SELECT * FROM polar_properties WHERE name <> 'beat_ms' AND name NOT LIKE '%poll%'")
    assert (done.exit_code, json.loads(done.stdout)["ok"], done.stderr) == (0, True, "")
    assert {found for found in outcomes(done.stdout).items() if found[1][0] != "ok"} == {
        ("reactions", ("not known", "never"))
    }
    assert before == after


async def test_who_only_watches_is_told_whether_a_bot_runs(house: House) -> None:
    """Status 0 while one does; 1 before the first start, and after one that ended as asked. No network is needed."""
    look = partial(polar, "doctor", "--alive", "--json", database=house.path, telegram_api_url=NOBODY)
    before = await asyncio.to_thread(look)
    async with house.bot():
        await awake(house)
        during = await asyncio.to_thread(look)
    after = await asyncio.to_thread(look)
    found = [(done.exit_code, outcomes(done.stdout)) for done in (before, during, after)]
    assert found == [
        (1, {"alive": ("warning", "never")}),
        (0, {"alive": ("ok", "beats")}),
        (1, {"alive": ("warning", "ended")}),
    ]


def test_what_failed_is_status_1_and_told_with_its_remedy(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns; no token, no network and no database are no reason not to look at what there is."""
    monkeypatch.setenv("COLUMNS", "80")
    done = polar("doctor", database=path, telegram_api_url=NOBODY)
    assert (done.exit_code, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert any(line.startswith("FAIL  token ") for line in lines)
    assert any(line.startswith("FAIL  Telegram ") for line in lines)
    assert any(line.strip().startswith("-> polar init") for line in lines)
    assert lines[-1].endswith("2 failed, 8 not known.")
    assert max(map(len, lines)) <= 80 + len(str(path))
    assert not path.exists()


def test_a_wrong_setting_is_a_diagnosis(path: Path) -> None:
    """And all that can be said, as everything else depends on them."""
    done = polar("doctor", "--json", database=path, access="everyone", log_format="xml")
    assert done.exit_code == 1
    [fact] = json.loads(done.stdout)["checks"]
    assert (fact["check"], fact["outcome"], fact["found"]) == ("settings", "failed", "wrong")
    assert "POLAR_ACCESS" in fact["evidence"]
    assert "POLAR_LOG_FORMAT" in fact["evidence"]


def test_an_older_database_is_told_and_left_as_it_is(database: Path) -> None:
    """A warning: a start brings it up to date."""
    newest = "SELECT max(version) FROM polar_schema_versions"
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(f"DELETE FROM polar_schema_versions WHERE version = ({newest})")
        [version] = connection.execute(newest).fetchone()
    done = polar("doctor", "--json", database=database, telegram_api_url=NOBODY)
    assert outcomes(done.stdout)["schema"] == ("warning", "older")
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute(newest).fetchone() == (version,)


async def test_it_waits_for_a_reaction_really_made(house: House) -> None:
    """Asked for on standard error, so that a program reads JSON alone."""
    ann, chat = house.chat()
    settings: dict[str, Any] = {"database": house.path, "telegram_api_url": house.server.url}
    async with house.bot(responder="local"):
        await awake(house)
        house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: len(house.world.sent(chat)) == 1)
        call = asyncio.to_thread(polar, "doctor", "--reaction", "--json", telegram_bot_token=TOKEN, **settings)
        waiting = asyncio.create_task(call)
        asked = len(house.world.calls)
        await house.world.wait(lambda: any(c.method == "getWebhookInfo" for c in house.world.calls[asked:]))
        emoji = ["👍", "🔥"]
        while not waiting.done():  # one that comes before it is asked for does not count
            house.world.react(chat, ann, house.world.sent(chat)[-1]["message_id"], emoji[0])
            emoji.reverse()
            await asyncio.wait({waiting}, timeout=0.05)
        done = waiting.result()
    assert done.exit_code == 0
    assert outcomes(done.stdout)["reaction"] == ("ok", "arrived")
    assert "now react" in done.stderr


def test_without_a_bot_there_is_nobody_to_wait_for(database: Path) -> None:
    """It says so at once."""
    done = polar("doctor", "--reaction", "--json", database=database, telegram_api_url=NOBODY)
    assert outcomes(done.stdout)["reaction"] == ("failed", "no_bot")
    assert done.stderr == ""


def test_every_command_that_a_remedy_names_is_there() -> None:
    """So that nobody who is in need is told to call what there is not."""
    commands: dict[str, Any] = getattr(typer.main.get_command(app), "commands", {})
    named = re.findall(r"polar ([a-z]+)(?: ([a-z]+))?", "\n".join(doctor_texts()))
    assert len(named) > 10
    for command, sub in named:
        below = getattr(commands[command], "commands", None)
        assert below is None or sub in below, f"polar {command} {sub}"


def doctor_texts() -> list[str]:
    """What a doctor may say."""
    return [text for key, text in texts.texts(texts.DEFAULT).items() if key.startswith("doctor.")]
