"""A bot that lives on does not grow without end, and loses nothing that anybody needs."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from bot.run import Running
from emulator import Chat, Person, World
from storage import pruning
from tests.bot.cli.terminal import polar, printed
from tests.clocks import TestClock
from tests.house import CHECKOUT, TOKEN, House, standing, until
from tests.looking import awake, idle, reactions, tell
from tests.responders import ECHO

pytestmark = pytest.mark.slow

DAY_S = 86_400
TERMS = {f"keep_{kind}_days": 3 for kind in ("updates", "audit", "deliveries", "run_log", "dead", "proposals", "messages")}
FOR_EVER = {"polar_feedback_events", "polar_run_events", "polar_task_board"}
GROWING = (
    "polar_audit",
    "polar_delivery_queue",
    "polar_message_revisions",
    "polar_messages",
    "polar_scheduler_run_log",
    "polar_updates",
)


@pytest.fixture
def clock() -> TestClock:
    """Time, for the bot and for Telegram alike."""
    return TestClock()


@pytest.fixture
async def house(tmp_path: Path, clock: TestClock) -> AsyncIterator[House]:
    """A house in which a day is as short as a test wants."""
    world = World(token=TOKEN, username="polar_test_bot", clock=lambda: clock() / 1000)
    async with standing(world, tmp_path) as house:
        yield house


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest four updates stay, and slices have four rows."""
    monkeypatch.setattr(pruning, "NEWEST_UPDATES", 4)
    monkeypatch.setattr(pruning, "ROWS", 4)


async def live_a_day(house: House, ann: Person, chat: Chat) -> None:
    """A question, an edit of it, a like of the answer, and a command that fails."""
    await tell(house, chat, ann, "how are you?")
    house.world.edit(chat, ann, house.world.said(chat)[-1]["message_id"], "how are you today?")
    await idle(house)
    await tell(house, chat, ann, "/nonsense")


async def prune(bot: Running) -> None:
    """All that is due now."""
    while await bot.app.pruner.unit():
        pass


def counts(house: House) -> dict[str, int]:
    """Rows by table."""
    return {table: house.rows(f"SELECT count(*) FROM {table}")[0][0] for table in GROWING}
