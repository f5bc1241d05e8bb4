"""Starting and stopping the real process: errors in one line, the file untouched, nothing cut short."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from tests.bot.cli.terminal import polar
from tests.house import CHECKOUT, House
from tests.looking import queue, texts
from tests.responders import ECHO, FAILING, HANGING, LONG

pytestmark = pytest.mark.slow
SECRET = "1000000001:SECRET-THAT-NOBODY-MAY-SEE"


async def start(house: House, **settings: Any) -> asyncio.subprocess.Process:
    """`polar run`, its standard error in a pipe."""
    return await asyncio.create_subprocess_exec(
        *house.command("run"),
        cwd=CHECKOUT,
        env=house.environment(**settings),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )


async def end(process: asyncio.subprocess.Process) -> tuple[int, str]:
    """How a process that ends by itself ends: its status, and what it printed anywhere."""
    async with asyncio.timeout(30):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, (out + err).decode()


async def failure(house: House, **settings: Any) -> str:
    """The one line that a start ends with."""
    status, printed = await end(await start(house, **settings))
    assert (status, printed.count("\n")) == (1, 1), printed
    assert printed.startswith("polar: ")
    return printed


@asynccontextmanager
async def ready(house: House, **settings: Any) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that can receive; asked to stop at the end, if it still runs."""
    process = await start(house, **settings)
    assert process.stderr is not None
    try:
        async with asyncio.timeout(30):
            while b"ready" not in (line := await process.stderr.readline()):
                assert line, "it ended before it was ready"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await end(process)


async def prepared(house: House) -> None:
    """A database as a bot leaves it."""
    async with house.bot():
        pass


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(house: House) -> None:
    """Whatever it is, somebody may want it."""
    house.path.write_bytes(b"this is a letter to my mother, and no database at all\n" * 100)
    before = house.path.read_bytes()
    line = await failure(house)
    assert str(house.path) in line
    assert "POLAR_DATABASE" in line
    assert house.path.read_bytes() == before


async def test_a_damaged_database_is_refused_and_left_as_it_is(house: House) -> None:
    """Its first page is gone, or its end."""
    await prepared(house)
    whole = house.path.read_bytes()
    for damaged in (b"\x00" * 4096 + whole[4096:], whole[:5000]):
        house.path.write_bytes(damaged)
        before = house.path.read_bytes()
        assert "restore it from a backup" in await failure(house)
        assert house.path.read_bytes() == before


async def test_a_newer_schema_is_refused_and_left_as_it_is(house: House) -> None:
    """An older program cannot know what it would break."""
    await prepared(house)
    with closing(sqlite3.connect(house.path)) as connection, connection:
        connection.execute("INSERT INTO polar_schema_versions VALUES (9999, 'future', 1)")
    before = house.path.read_bytes()
    line = await failure(house)
    assert "9999" in line
    assert "update Polar" in line
    assert house.path.read_bytes() == before


async def test_without_a_token_the_start_says_what_to_do(house: House) -> None:
    """And names the demo, which needs none; no database is made."""
    line = await failure(house, telegram_bot_token="")
    assert "TELEGRAM_BOT_TOKEN" in line
    assert "make demo" in line
    assert not house.path.exists()


async def test_the_start_says_which_database_it_uses_and_its_process_id(house: House) -> None:
    """One line each, before one line says that it is ready."""
    process = await start(house)
    assert process.stderr is not None
    lines = []
    async with asyncio.timeout(30):
        while b"ready" not in (line := await process.stderr.readline()):
            assert line, "it ended before it was ready"
            lines.append(line.decode())
    process.terminate()
    await end(process)
    assert f"polar: the database is {house.path}, the process id {process.pid}\n" in lines


async def test_a_token_that_telegram_refuses_is_told_in_one_line(house: House) -> None:
    """Nothing but that line."""
    assert "TELEGRAM_BOT_TOKEN" in await failure(house, telegram_bot_token=SECRET)


async def test_a_token_that_telegram_refuses_is_told_and_not_shown(house: House) -> None:
    """It goes no further than to Telegram."""
    status, printed = await end(await start(house, telegram_bot_token=SECRET))
    assert status == 1
    assert printed.startswith("polar: Telegram refuses the token in TELEGRAM_BOT_TOKEN (401)")
    assert "SECRET" not in printed


WRONG = {
    "access": ("everyone", "'open', 'allowlist' or 'pairing'"),
    "admin_telegram_ids": ("me,you", "whole numbers separated by commas"),
    "responder": ("gpt", "local, openai, none, or package.module:attribute"),
    "middleware": ("mine", "package.module:attribute"),
    "polarity": ("👍=great", "positive, negative, neutral"),
    "default_timezone": ("Mars/Olympus", "Europe/Berlin"),
    "telegram_api_url": ("localhost", "https://api.telegram.org"),
    "rate_limit_per_minute": ("0", "greater than or equal to 1"),
    "chat_send_rate_per_second": ("fast", "number"),
    "log_format": ("xml", "'console' or 'json'"),
    "shutdown_seconds": ("-1", "greater than or equal to 0"),
    "clock_offset_seconds": ("nan", "finite number"),
    "send_rate_per_second": ("inf", "finite number"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named_with_what_is_allowed(tmp_path: Path, name: str) -> None:
    """Each stops the start, in one line; a secret among the right ones is never printed."""
    value, allowed = WRONG[name]
    database = tmp_path / "polar-system.db"
    done = polar("run", database=database, telegram_bot_token=SECRET, **{name: value})
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith(f"polar: POLAR_{name.upper()}: ")
    assert allowed in done.stderr
    assert value in done.stderr
    assert "SECRET" not in done.stderr
    assert not database.exists()


async def test_a_responder_that_does_not_exist_is_named(house: House) -> None:
    """At the start, not at the first message."""
    line = await failure(house, responder="no.such.module:Thing")
    assert "POLAR_RESPONDER" in line
    assert "no.such.module" in line


async def test_what_takes_long_to_load_is_loaded_before_the_database_is_taken(house: House) -> None:
    """It may take seconds, in which whoever has a server's database would be taken for dead."""
    for setting in ("responder", "middleware"):
        assert f"POLAR_{setting.upper()}" in await failure(house, **{setting: "no.such.module:Thing"})
        assert not house.path.exists()
    code = "from bot import responders, settings; import sys; responders.load(settings.load()); print(*sys.modules)"
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        cwd=CHECKOUT,
        env=house.environment(responder="openai", openai_model="m"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, printed = await end(asked)
    assert {"openai", "genai_prices"} <= {*printed.split()}


async def test_a_second_bot_on_the_same_database_is_refused_while_the_first_goes_on(house: House) -> None:
    """Two would answer everything twice."""
    ann, chat = house.chat()
    async with ready(house):
        line = await failure(house)
        house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: texts(house, chat) == ["pong"])
    assert "another Polar process runs on" in line
    assert str(house.path) in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_asked_to_stop_it_finishes_what_is_in_hand_however_often_it_is_asked(
    house: House, number: signal.Signals
) -> None:
    """A send in flight gets its receipt, the queue behind it stays for the next start, and the status is 0."""
    ann, chat = house.chat()
    async with ready(house, responder=LONG, shutdown_seconds=20) as process:
        house.world.fault("sendMessage", "slow")
        house.world.say(chat, ann, "10")
        await house.world.wait(lambda: len(texts(house, chat)) == 1)
        process.send_signal(number)
        process.send_signal(number)
        await house.world.wait(lambda: polls_have_ended(house))
        process.send_signal(signal.SIGTERM)
        assert process.returncode is None
        house.world.clear_faults()
        status, printed = await end(process)
    assert status == 0, printed
    assert queue(house) == [("sent", 0, None), *[("pending", 0, None)] * 2]
    assert house.rows("SELECT count(*) FROM polar_messages WHERE telegramMessageId IS NULL") == [(2,)]
    assert len(texts(house, chat)) == 1


def polls_have_ended(house: House) -> bool:
    """The last getUpdates is the one that only acknowledges, which is made when stopping."""
    polls = [call.params for call in house.world.calls if call.method == "getUpdates"]
    return bool(polls) and polls[-1].get("timeout", 0) == 0


async def test_what_does_not_end_in_time_is_left_to_the_next_start(house: House) -> None:
    """The process ends all the same, with status 0, and nothing is lost."""
    ann, chat = house.chat()
    async with ready(house, responder=HANGING, shutdown_seconds=0.2) as process:
        house.world.say(chat, ann, "hang")
        await house.world.wait(lambda: house.world.updates_pending() == 0)
        process.terminate()
        status, printed = await end(process)
    assert status == 0, printed
    assert house.rows("SELECT status FROM polar_updates") == [("pending",)]
    async with house.bot(responder=ECHO):
        await house.world.wait(lambda: texts(house, chat) == ["echo: hang"])


async def test_the_log_holds_neither_token_nor_text(house: House) -> None:
    """One line a turn, with ids and durations, for whoever debugs too; a proxy's answer names no URL with a token."""
    ann, chat = house.chat("Annabel")
    debugging = {"log_format": "json", "log_level": "debug"}
    async with ready(house, responder=FAILING, shutdown_seconds=0, **debugging) as process:
        house.world.fault("sendMessage", "502-html")
        said = house.world.say(chat, ann, "confidential words")
        house.world.say(chat, ann, "fail confidential words")
        await house.world.wait(lambda: len(texts(house, chat)) > 0)
        house.world.react(chat, ann, said, "👍")
        house.world.fault("getUpdates", "garbage")
        house.world.say(chat, ann, "/ping")
        await house.world.wait(lambda: "pong" in texts(house, chat))
        process.terminate()
        _, printed = await end(process)
    lines = [json.loads(line) for line in printed.splitlines()]
    turns = {line["message"]: line for line in lines if line["logger"] == "polar.turn"}
    assert {"message failed", "command answered", "reaction recorded"} <= set(turns)
    for line in turns.values():
        assert re.fullmatch(r"update:\d+:\d+ telegram:chat:\d+ \d+", "{trace} {session} {ms}".format(**line))
    [failed, *_] = [line for line in lines if "exception" in line]
    assert "in respond" in failed["exception"]
    assert "TEST-TOKEN" not in printed
    assert "confidential" not in printed
    assert "Annabel" not in printed


async def test_a_secret_that_a_library_logs_is_taken_out(house: House) -> None:
    """The line stays, without the key of the model's endpoint."""
    ann, chat = house.chat()
    async with ready(house, responder="tests.responders:Leaking", openai_api_key="sk-confidential") as process:
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: texts(house, chat) == ["echo: hello"])
        process.terminate()
        _, printed = await end(process)
    assert "the key is " in printed
    assert "sk-confidential" not in printed


async def test_a_key_that_is_a_word_leaves_the_log_readable(house: House) -> None:
    """Servers of local models take any key; what guards nothing is not taken out of every line."""
    ann, chat = house.chat()
    async with ready(house, responder="tests.responders:Leaking", openai_api_key="e") as process:
        house.world.say(chat, ann, "hello")
        await house.world.wait(lambda: texts(house, chat) == ["echo: hello"])
        process.terminate()
        _, printed = await end(process)
    assert "the key is e trace=update:" in printed
    assert "<secret>" not in printed


async def test_a_webhook_secret_that_can_be_guessed_is_refused(house: House) -> None:
    """It says how long one has to be, and not what it was."""
    line = await failure(house, webhook_secret="too-short")
    assert "POLAR_WEBHOOK_SECRET: expected 16 to 256" in line
    assert "too-short" not in line
