"""The demo's stage: the embedded Telegram and the bot, each a process of its own, and the hand that moves them."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from bot.settings import CHECKOUT, environment

TOKEN = "1000000001:DEMO-TOKEN-OF-NO-WORTH"  # noqa: S105 - of the embedded Telegram only
PATIENCE_S = 30.0


class DemoFailed(Exception):
    """Something that the demo shows did not happen."""


class Stage:
    """Starts and kills processes, acts as a person, and waits for what must come of it."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "polar-system.db"
        self.log = folder / "telegram.jsonl"
        self.url = ""
        self._telegram: Process | None = None
        self._bot: Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._lines: list[str] = []
        self._client = httpx.AsyncClient(timeout=PATIENCE_S)

    async def open(self) -> None:
        """Start the embedded Telegram on a free port."""
        options = ["--port", "0", "--token", TOKEN, "--username", "polar_demo_bot", "--log", str(self.log)]
        self._telegram = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "emulator", *options, cwd=CHECKOUT, stdout=PIPE, stdin=DEVNULL
        )
        assert self._telegram.stdout is not None
        line = (await self._telegram.stdout.readline()).decode()
        if not line.startswith("ready "):
            raise DemoFailed("the embedded Telegram did not start")
        self.url = line.split()[1]

    async def start_bot(self, **changes: object) -> str:
        """Start the bot and wait until it can receive; returns what it announced."""
        settings = {
            "telegram_bot_token": TOKEN,
            "telegram_api_url": self.url,
            "database": self.database,
            "chat_send_rate_per_second": 50,
            **changes,
        }
        self._lines.clear()
        self._bot = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            cwd=CHECKOUT,
            env=environment(os.environ, settings),
            stderr=PIPE,
            stdin=DEVNULL,
        )
        self._readers.append(asyncio.create_task(self._read(self._bot)))
        await self.until(lambda: any(" ready " in line for line in self._lines), "the bot to be ready")
        return "\n".join(line for line in self._lines if line.startswith("polar:"))

    async def _read(self, bot: Process) -> None:
        assert bot.stderr is not None
        while line := await bot.stderr.readline():
            self._lines.append(line.decode(errors="replace").rstrip())

    async def kill_bot(self) -> None:
        """SIGKILL, as a machine that loses power would."""
        await self._end_bot(signal.SIGKILL)

    async def stop_bot(self) -> int:
        """SIGTERM; returns the exit status."""
        return await self._end_bot(signal.SIGTERM)

    async def _end_bot(self, number: signal.Signals) -> int:
        assert self._bot is not None
        self._bot.send_signal(number)
        status = await self._bot.wait()
        self._bot = None
        return status

    async def act(self, action: str, **what: Any) -> Any:
        """Do something as a person; returns the embedded Telegram's answer."""
        answer = await self._client.post(f"{self.url}/control/{action}", json=what)
        answer.raise_for_status()
        return answer.json()

    async def sent(self, chat: int) -> list[dict[str, Any]]:
        """The bot's messages in a chat."""
        found: list[dict[str, Any]] = await self.act("sent", chat=chat)
        return found

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database says now, read by this process."""
        with closing(sqlite3.connect(f"{self.database.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql).fetchall()

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition; raises DemoFailed when it does not come, with the bot's last lines."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    if self._bot is not None and self._bot.returncode is not None:
                        break
                    await asyncio.sleep(0.02)
                else:
                    return
        except TimeoutError:
            pass
        raise DemoFailed(f"waited in vain for {what}; the bot said:\n" + "\n".join(self._lines[-10:]))

    async def close(self) -> None:
        """End what was started here, by its process id."""
        for process in (self._bot, self._telegram):
            if process is not None and process.returncode is None:
                process.terminate()
                await process.wait()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self._client.aclose()
