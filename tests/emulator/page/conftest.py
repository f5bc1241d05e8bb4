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


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def opened(browser: Browser) -> AsyncIterator[Witness]:
    """A tab for all: each new one is a process of the browser's, or two."""
    expect.set_options(timeout=20_000)
    async with await browser.new_context(locale="en-GB") as context:
        yield await Witness.open(context)


@pytest_asyncio.fixture(loop_scope="session")
async def tab(opened: Witness, house: House) -> AsyncIterator[Witness]:
    """It, as if new; when it is left, nothing went wrong in it and it asked nobody but our server."""
    await opened.forget()
    yield opened
    await opened.leave()
    # A stream that the page itself has ended is a request that failed, to Chromium.
    assert [each for each in opened.complaints if "/page/events" not in each] == []
    assert opened.strangers(house.server.url) == []
