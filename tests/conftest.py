"""The real application over HTTP against the embedded Telegram, on a real SQLite file; only time is fake."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, get_args

import httpx
import psycopg
import pytest
import pytest_asyncio
import typer
from hypothesis import settings

from bot import clock
from bot.scheduling import runner
from bot.settings import Settings
from emulator import World
from storage import migrations
from storage.location import ServerUrl
from storage.postgres import fence, schema
from tests import cluster, fresh
from tests.house import TOKEN, House, standing

if TYPE_CHECKING:
    from playwright.async_api import Browser


ROOM_BYTES = 2 * 1024**3
"""What the files of all tests take at the most, with enough to spare."""


def pytest_configure(config: pytest.Config) -> None:
    """Fewer examples without what is slow; signals as in a terminal; files in memory, as no test cuts the power."""
    if "not slow" in config.option.markexpr:
        settings.load_profile("quick")
    # In the background of a shell, or under nohup, these are ignored, which children would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    memory = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of the user's own there
    if os.access(memory, os.W_OK) and serves_all(memory):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def serves_all(folder: Path) -> bool:
    """True if the tests' files have room there, and the programs among them can be run."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize > ROOM_BYTES and not status.f_flag & os.ST_NOEXEC


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is slow comes first, so that no processor waits for it at the end."""
    items[:] = without_more_of_the_same(items)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def without_more_of_the_same(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    """Of the cases of a test that is marked as alike, only the first on a server."""
    known: set[tuple[object, str]] = set()
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("alike") and is_on_server(item):
            if (family := (item.parent, item.originalname)) in known:
                continue
            known.add(family)
        yield item


def is_on_server(item: pytest.Function) -> bool:
    """Whether this case of a test has its database on a server."""
    return item.callspec.params.get("engine") == "postgres"


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """What was imported and collected stays, and is never looked through for garbage; what tests make is, seldom."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What was logged may quote half characters, which a worker cannot hand over; skips alike become one line."""
    report = yield
    if report.skipped and isinstance(report.longrepr, tuple) and cluster.MISSING in report.longrepr[2]:
        report.longrepr = (cluster.__file__, None, cluster.MISSING)  # type: ignore[assignment]
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """None for a few files, which a single process runs sooner; else two more than cores, as tests wait for others."""
    if all(".py" in argument for argument in config.args):
        return 0
    return (os.cpu_count() or 1) + 2


@pytest.fixture(scope="session", autouse=True)
def _made_once() -> Iterator[None]:
    """New databases are copies of one that the migrations made; what a command takes is read off its function once.

    And so are the certificates of the world, by which each client of httpx knows whom it speaks with: 15 ms.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "apply", fresh.copied)
        patch.setattr("typer.testing._get_command", cache(typer.main.get_command))
        patch.setattr("httpx._transports.default.create_ssl_context", cache(httpx.create_ssl_context))
        yield


@pytest.fixture
def each_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    """New databases are made by the migrations, each time, as the bot makes them."""
    monkeypatch.setattr(migrations, "apply", fresh.each)


@pytest.fixture
def world() -> World:
    """A Telegram with one bot and nobody else yet."""
    return World(token=TOKEN, username="polar_test_bot")


@pytest.fixture
async def house(tmp_path: Path, world: World) -> AsyncIterator[House]:
    """A place for bots to run: their Telegram, their database, their settings."""
    async with standing(world, tmp_path) as house:
        yield house


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits before the next try, or the next look, waits a fiftieth; what a try may take stays as it is."""
    monkeypatch.setattr(clock, "random", SimpleNamespace(uniform=lambda low, high: low / 50))
    monkeypatch.setattr(runner, "LOOK_EVERY_S", runner.LOOK_EVERY_S / 50)


TRANSPORT = Settings.model_fields["transport"]


@pytest.fixture(
    params=[
        pytest.param(each, marks=() if each == TRANSPORT.default else pytest.mark.slow)
        for each in get_args(TRANSPORT.annotation)
    ]
)
def transport(request: pytest.FixtureRequest, house: House) -> str:
    """Each transport to the Bot API in turn, which the bots of the house use; in the quick part the default alone."""
    house.transport = request.param
    return house.transport


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A PostgreSQL, by its first database; skipped where none is installed, unless all tests must run."""
    if cluster.programs() is None and os.environ.get("CI"):
        pytest.fail(cluster.MISSING)
    with cluster.cluster() as url:
        yield url


@pytest.fixture(scope="session")
def template(server: str) -> Iterator[str]:
    """The name of a database with Polar's tables there, of which others are copies."""
    with cluster.database(server) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            schema.migrate(connection, 0)
        yield url.rpartition("/")[2]


@pytest.fixture(scope="session")
def reused(server: str, template: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a database that tests have one after the other, and what empties it."""
    with cluster.database(server, template) as url, cluster.emptied(url) as empty:
        yield url, empty


@pytest.fixture
def emptied(reused: tuple[str, Callable[[], None]]) -> Iterator[str]:
    """The address of a database with Polar's tables and nothing in them; what a test adds to the schema would stay."""
    url, empty = reused
    yield url
    empty()


@pytest.fixture
def changeable(server: str, template: str) -> Iterator[str]:
    """The address of a new database with Polar's tables, for a test that changes these."""
    with cluster.database(server, template) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def engine(request: pytest.FixtureRequest, house: House, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each engine in turn, on which the house's database is; in the quick part a file alone."""
    if request.param == "postgres":
        monkeypatch.setattr(fence, "LEASE_S", 60.0)  # the tests' machine may stand still for longer than a bot may
        house.elsewhere = ServerUrl(request.getfixturevalue("emptied"))
    return str(request.param)


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
