"""A few dashboards and tabs for all of these tests: starting them takes longer than looking."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from storage.sqlite import opening
from tests.web.browser.looking import Witness
from tests.web.browser.site import NOW_MS, furnish, standing
from tests.web.house import SECRET, Web, serving


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def tabs(browser: Browser) -> AsyncIterator[dict[bool, Witness]]:
    """A tab in which scripts run, and one in which they do not; to open a new one takes longer than most tests."""
    async with await browser.new_context() as usual, await browser.new_context(java_script_enabled=False) as plain:
        yield {True: await Witness.open(usual), False: await Witness.open(plain)}


@pytest_asyncio.fixture(loop_scope="session")
async def tab(tabs: dict[bool, Witness]) -> Witness:
    """A tab that runs scripts, if a page has any."""
    await tabs[True].forget()
    return tabs[True]


@pytest_asyncio.fixture(loop_scope="session")
async def plain_tab(tabs: dict[bool, Witness]) -> Witness:
    """A tab in which no script of any page runs."""
    await tabs[False].forget()
    return tabs[False]


@pytest.fixture(scope="package")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A database as months of use leave it, and its exports."""
    return furnish(tmp_path_factory.mktemp("plausible"))


@pytest.fixture(scope="package")
def plausible(furnished: tuple[Path, Path]) -> Iterator[Web]:
    """A dashboard of a bot in use."""
    with standing(*furnished) as web:
        yield web


@pytest.fixture(scope="package")
def locked(furnished: tuple[Path, Path]) -> Iterator[Web]:
    """The same one behind a secret."""
    with serving(furnished[0], artifacts=furnished[1], secret=SECRET) as web:
        yield web


@pytest.fixture(scope="package")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A dashboard of which every field holds something that means harm."""
    with standing(*furnish(tmp_path_factory.mktemp("hostile"), hostile=True)) as web:
        yield web


@pytest.fixture(scope="package")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A dashboard of a bot to which nobody has written yet."""
    folder = tmp_path_factory.mktemp("fresh")
    connection, _ = opening.prepare(folder / "polar-system.db", NOW_MS)
    connection.close()
    with standing(folder / "polar-system.db", folder / "artifacts") as web:
        yield web
