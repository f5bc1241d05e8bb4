"""A bot's house and a tab in a real browser, in one loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from emulator import World
from tests.house import House, standing
from tests.web.browser.looking import Witness


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path, world: World) -> AsyncIterator[House]:
    """As everywhere, in the loop of the browser."""
    async with standing(world, tmp_path) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, house: House) -> AsyncIterator[Witness]:
    """A new tab; when it is left, nothing went wrong in it and it asked nobody but our server."""
    expect.set_options(timeout=20_000)
    async with await browser.new_context(locale="en-GB") as context:
        tab = await Witness.open(context)
        yield tab
        # A stream that the page itself has ended is a request that failed, to Chromium.
        assert [each for each in tab.complaints if "/page/events" not in each] == []
        assert tab.strangers(house.server.url) == []
