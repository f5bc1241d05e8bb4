"""The real application over HTTP against the embedded Telegram, on a real SQLite file; only time is fake."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from emulator import World
from tests.house import TOKEN, House, standing

if TYPE_CHECKING:
    from playwright.async_api import Browser


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """None for a few files, which a single process runs sooner; else two a core, as most tests wait for something."""
    if all(".py" in argument for argument in config.args):
        return 0
    return 2 * (os.cpu_count() or 1)


@pytest.fixture
def world() -> World:
    """A Telegram with one bot and nobody else yet."""
    return World(token=TOKEN, username="polar_test_bot")


@pytest.fixture
async def house(tmp_path: Path, world: World) -> AsyncIterator[House]:
    """A place for bots to run: their Telegram, their database, their settings."""
    async with standing(world, tmp_path) as house:
        yield house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all, as it starts slowly; without one its tests are skipped, but not where all must run."""
    from tests.web.browser import chromium  # few tests need it, and it takes long to import

    program = chromium.find()
    if program is None:
        reason = f"there is no Chromium; install it: {chromium.INSTALL}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    async with chromium.running(program) as browser:
        yield browser
