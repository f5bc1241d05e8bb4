"""The Telegram process never reads or writes the exported files: they are projections, made by another program."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.house import CHECKOUT, House, until
from tests.killing import asks
from tests.looking import idle, reactions, texts

FILES = ("REACTIONS.md", "HEARTBEAT.md", "MEMORY.md", "PERSONALITY.md")


@asynccontextmanager
async def audited(house: House, log: Path, **settings: Any) -> AsyncIterator[None]:
    """A bot process under the hook, in a folder that has artifacts of its own."""
    here = house.folder / "here"
    (here / "artifacts").mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (here / "artifacts" / name).write_text("# from before\n")
    environment = {**house.environment(**settings), "PYTHONPATH": str(CHECKOUT)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.audited_run", str(log)),
        cwd=here,
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    calls = len(house.world.calls)
    try:
        await asks(house, calls)
        yield
    finally:
        process.terminate()
        async with asyncio.timeout(30):
            assert await process.wait() == 0


def noted(log: Path) -> list[str]:
    """What the hook saw, its own first line apart."""
    first, *sins = log.read_text().splitlines()
    assert first == "watching"
    return sins


@pytest.mark.slow
async def test_the_bot_touches_no_artifacts_in_chat_reactions_automations_and_restarts(
    house: House, tmp_path: Path
) -> None:
    """Neither those of the folder it runs in nor those of the checkout."""
    ann, chat = house.chat()
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    async with audited(house, first, feedback_buttons="always"):
        for text in ("/start", "/remember my bike is green", "my bike?", "/memory", "/feedback", "/status"):
            house.world.say(chat, ann, text)
        house.world.say(chat, ann, "/automations create every 1 hour | tea")
        await house.world.wait(lambda: len(texts(house, chat)) == 7)
        house.world.react(chat, ann, house.world.sent(chat)[2]["message_id"], "👍")
        house.world.press(chat, ann, house.world.sent(chat)[2]["message_id"], "fb:-")
        await until(lambda: len(reactions(house)) == 2)
        await idle(house)
    async with audited(house, second, clock_offset_seconds=7200):
        await house.world.wait(lambda: texts(house, chat)[-1] == "⏰ tea")
        await idle(house)
    assert noted(first) == noted(second) == []
    here = house.folder / "here"
    assert sorted(path.name for path in (here / "artifacts").iterdir()) == sorted(FILES)
    assert {(here / "artifacts" / name).read_text() for name in FILES} == {"# from before\n"}


@pytest.mark.slow
async def test_whoever_touches_them_is_seen(house: House, tmp_path: Path) -> None:
    """The proof that the test above can fail: one responder does it all."""
    ann, chat = house.chat()
    log = tmp_path / "sins.log"
    sins = ["open", "listdir", "scandir", "mkdir", "rename"]
    async with audited(house, log, responder="tests.audited_run:sinner"):
        for sin in sins:
            house.world.say(chat, ann, sin)
        await house.world.wait(lambda: texts(house, chat) == sins)
    assert [line.split()[0].removeprefix("os.") for line in noted(log)] == sins
