"""What tests share: starting a bot against the embedded Telegram, and looking into its database."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_settings import InitSettingsSource

from bot.run import Running, running
from bot.settings import Settings, environment
from emulator import Chat, Person, Server, World
from storage.location import Location, ServerUrl
from tests import second
from tests.clocks import TestClock

TOKEN = "1000000001:TEST-TOKEN"
CHECKOUT = Path(__file__).resolve().parent.parent
# Fast enough that no test waits for a rate; tests of the rates set their own.
QUICK = {
    "access": "open",
    "open_without_budget": True,
    "feedback_buttons": "never",
    "merge_window_ms": 0,
    "status_reactions": False,
    "rate_limit_per_minute": 100_000,
    "send_rate_per_second": 100_000,
    "chat_send_rate_per_second": 100_000,
    "group_send_rate_per_minute": 6_000_000,
    "shutdown_seconds": 5,
}


@dataclass(slots=True)
class House:
    """One Telegram, one database, and the bots that run on them one after another."""

    world: World
    server: Server
    folder: Path
    lines: list[str] = field(default_factory=list)
    transport: str = "aiohttp"
    """How its bots call the Bot API."""
    elsewhere: ServerUrl | None = None
    """Its database, where that is no file."""
    until_left: ExitStack = field(default_factory=ExitStack)
    """What is open as long as the house stands."""
    _bots: int = 0
    _reader: tuple[os.stat_result, sqlite3.Connection] | None = None
    _on_server: second.Program | None = None

    @property
    def path(self) -> Path:
        """The database file."""
        return self.folder / "polar-system.db"

    @property
    def location(self) -> Location:
        """Where the database is."""
        return self.elsewhere or self.path

    def settings(self, **changes: Any) -> Settings:
        """Settings of a bot in this house, from nothing but these values."""
        values = {
            "telegram_bot_token": TOKEN,
            "telegram_api_url": self.server.url,
            "database": self.location,
            "transport": self.transport,
            **QUICK,
            **changes,
        }
        aliased = {_alias(name): value for name, value in values.items()}
        return Settings(_build_sources=((InitSettingsSource(Settings, aliased),), {}))  # type: ignore[call-arg]

    @asynccontextmanager
    async def bot(self, clock: TestClock | None = None, **changes: Any) -> AsyncIterator[Running]:
        """A running bot in this process."""
        async with running(self.settings(**changes), clock=clock, announce=self.lines.append) as bot:
            self._bots += 1
            try:
                yield bot
            finally:
                self._bots -= 1
                self._close_reader()

    def environment(self, **changes: Any) -> dict[str, str]:
        """The environment of a bot process in this house."""
        values = {
            "telegram_bot_token": TOKEN,
            "telegram_api_url": self.server.url,
            "database": self.location,
            "transport": self.transport,
            **QUICK,
            **changes,
        }
        return environment(os.environ, values)

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The `polar` command of this checkout."""
        return [sys.executable, "-m", "bot", *arguments]

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        """What a second program reads; the same one again and again, but of a file only while a bot runs here."""
        if self.elsewhere is not None:
            self._on_server = self._on_server or self.until_left.enter_context(second.program(self.elsewhere))
            return self._on_server.execute(sql, params).fetchall()
        if self._bots:
            return self._reading().execute(sql, params).fetchall()
        with closing(self._connect()) as connection:
            return connection.execute(sql, params).fetchall()

    def write(self, sql: str, *params: Any) -> None:
        """What a second program writes, beside a bot or while none runs."""
        with second.program(self.location) as opened:
            opened.execute(sql, params)

    def _reading(self) -> sqlite3.Connection:
        now = self.path.stat()
        if self._reader is None or not os.path.samestat(self._reader[0], now):  # a test may put another file there
            self._close_reader()
            self._reader = now, self._connect()
        return self._reader[1]

    def _connect(self) -> sqlite3.Connection:
        uri = f"file:{self.path}?mode=ro"
        return sqlite3.connect(uri, uri=True, timeout=10, check_same_thread=False)

    def _close_reader(self) -> None:
        if self._reader is not None:
            self._reader[1].close()
            self._reader = None

    def chat(self, name: str = "Ann") -> tuple[Person, Chat]:
        """A person with a private chat."""
        person = self.world.person(name)
        return person, self.world.private(person)


@asynccontextmanager
async def standing(world: World, folder: Path) -> AsyncIterator[House]:
    """A house in this folder, with its Telegram."""
    async with Server(world) as server:
        with ExitStack() as until_left:
            yield House(world=world, server=server, folder=folder, until_left=until_left)


def _alias(name: str) -> str:
    alias = Settings.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else name


async def until(condition: Callable[[], bool], *, timeout_s: float = 60) -> None:
    """Look at a condition, which nobody can announce to us, until it holds; TimeoutError when it never does."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - another process's file tells nobody
            await asyncio.sleep(0.01)
