"""The demo's stage: Telegram, a model and the bot, each a process of its own, and the hand that moves them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from bot import home
from bot.settings import environment
from storage import care
from storage.engines import snapshot
from storage.location import Location

TOKEN = "1000000001:DEMO-TOKEN-OF-NO-WORTH"  # noqa: S105 - of the embedded Telegram only
PATIENCE_S = 30.0
ZONE = ZoneInfo("Asia/Kolkata")
"""Not UTC, so that a time which is not the person's own is seen; nobody there changes the clock, which would make the
hour of quiet that the script sets none, or two, for an hour a year."""
MODEL = "canned-1"
WORD_MS = 50
"""The time that a word of the model takes."""


class DemoFailed(Exception):
    """Something that the demo shows did not happen."""


class Stage:
    """Starts and kills processes, acts as a person, and waits for what must come of it."""

    def __init__(self, folder: Path, database: Location | None = None) -> None:
        self.database: Location = database or folder / "polar-system.db"
        self.log = folder / "telegram.jsonl"
        self.requests = folder / "model.json"
        self.url = ""
        self.model_url = ""
        self._bot: Process | None = None
        self._processes: list[Process] = []
        self._settings: dict[str, object] = {}
        self._drafts: list[dict[str, Any]] = []
        self._read_to = 0
        self._readers: list[asyncio.Task[None]] = []
        self._lines: list[str] = []
        # All of it is on this machine, whatever proxy the environment names.
        self._client = httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False)

    async def open(self) -> None:
        """Start the embedded Telegram and the model, each on a free port; raises DemoFailed where a bot has been."""
        if care.look_at(self.database).version:
            raise DemoFailed(f"{self.database} holds a bot's rows already; name a database in which nothing is")
        options = ["--token", TOKEN, "--username", "polar_demo_bot", "--log", str(self.log)]
        self.url, self.model_url = await asyncio.gather(
            self._serve("emulator", *options), self._serve("emulator.model", "--delay-ms", str(WORD_MS))
        )

    async def _serve(self, module: str, *options: str) -> str:
        process = await self._start(module, "--port", "0", *options, stdout=PIPE)
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        if not line.startswith("ready "):
            raise DemoFailed(f"{module} did not start")
        return line.split()[1]

    async def start_bot(self, **changes: object) -> str:
        """Start the bot and wait until it can receive; returns what it announced."""
        self._settings = {
            "telegram_bot_token": TOKEN,
            "telegram_api_url": self.url,
            "database": self.database,
            "default_timezone": ZONE.key,
            "chat_send_rate_per_second": 50,
            "shutdown_seconds": 3,
            **changes,
        }
        self._lines.clear()
        self._bot = await self._start("bot", "run", stderr=PIPE)
        self._readers.append(asyncio.create_task(self._read(self._bot)))
        await self.until(lambda: any(" ready " in line for line in self._lines), "the bot to be ready")
        return "\n".join(line for line in self._lines if line.startswith("polar:"))

    async def polar(self, *arguments: str) -> str:
        """Run a command beside the bot, with the bot's settings; returns what it printed."""
        status, printed = await self.run("bot", *arguments)
        if status != 0:
            raise DemoFailed(f"polar {' '.join(arguments)} ended with status {status}")
        return printed

    async def run(self, module: str, *arguments: str) -> tuple[int | None, str]:
        """Run one of our processes to its end; returns its exit status and what it printed."""
        process = await self._start(module, *arguments, stdout=PIPE)
        printed, _ = await process.communicate()
        return process.returncode, printed.decode().rstrip()

    async def _start(
        self, module: str, *arguments: str, stdout: int | None = None, stderr: int | None = None
    ) -> Process:
        process = await asyncio.create_subprocess_exec(
            *home.command(module, *arguments),
            env=home.environment(environment(os.environ, self._settings)),
            stdin=DEVNULL, stdout=stdout, stderr=stderr,
        )  # fmt: skip
        self._processes.append(process)
        return process

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
        _signal(self._bot, number)
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
        messages: list[dict[str, Any]] = await self.act("sent", chat=chat)
        return messages

    def drafts(self) -> list[dict[str, Any]]:
        """All unfinished answers that Telegram was shown, in order, as texts with entities."""
        with self.log.open("rb") as log:
            log.seek(self._read_to)
            for line in log:
                if not line.endswith(b"\n"):  # it is being written
                    break
                self._read_to += len(line)
                if b'"sendMessageDraft"' in line:
                    self._drafts.append(json.loads(line)["params"])
        return self._drafts

    async def hold(self, question: str, words: int) -> str:
        """Have the model's next answer be the one to this question, and wait after so many words; returns these."""
        asked = {"model": MODEL, "messages": [{"role": "user", "content": question}]}
        answer = await self._client.post(
            f"{self.model_url}/chat/completions", json=asked, headers={"Authorization": "Bearer none"}
        )
        text = answer.raise_for_status().json()["choices"][0]["message"]["content"]
        held = await self._client.post(self._control("order"), json=[{"text": text, "hold_after": words}])
        held.raise_for_status()
        return str(text)

    async def page(self, person: int) -> str | None:
        """The address of the chat page, as this person; None where Telegram's double has none."""
        answer = await self._client.get(f"{self.url}/")
        return f"{self.url}/#{person}" if answer.is_success else None

    async def keep_requests(self) -> None:
        """Write down what the model was asked by the bot, and how each answer ended."""
        asked = (await self._client.get(self._control("requests"))).raise_for_status().json()
        of_bot = [exchange for exchange in asked if exchange["request"].get("stream")]
        self.requests.write_text(json.dumps(of_bot), encoding="utf-8")

    def _control(self, action: str) -> str:
        return f"{self.model_url.removesuffix('/v1')}/control/{action}"

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """A figure of the database as it is now, read by this process."""
        with snapshot(self.database) as database:
            return list(database.rows(sql, ()))

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition; raises DemoFailed when it does not come, with the bot's last lines."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    if self._bot is not None and self._bot.returncode is not None:
                        break
                    await asyncio.sleep(0.05)
                else:
                    return
        except TimeoutError:
            pass
        raise DemoFailed(f"waited in vain for {what}; the bot said:\n" + "\n".join(self._lines[-10:]))

    async def close(self) -> None:
        """End what was started here, by its process id."""
        for process in reversed(self._processes):
            if process.returncode is None:
                _signal(process, signal.SIGTERM)
                await process.wait()
        await asyncio.gather(*self._readers, return_exceptions=True)
        await self._client.aclose()


def _signal(process: Process, number: signal.Signals) -> None:
    """As the process's own method, which warns where the child has just ended by itself, as after a Ctrl-C."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process.pid, number)
