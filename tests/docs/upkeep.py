"""The path of an operator, walked with real processes against the embedded Telegram; what was printed is kept.

`python -m tests.docs.upkeep` walks it and prints that, for docs/tutorial/keep-it-alive.md.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx

from emulator import Chat, Person, World
from tests.forks import Fork, loaded
from tests.house import TOKEN, House, standing, until

DELAY_S = 4
"""How long Telegram takes no messages to Ann while the copy is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A command as it was written, its exit status, and what it printed."""

    command: str
    status: int
    printed: str


@dataclass(slots=True)
class Operator:
    """Somebody at a terminal of 80 columns, in the folder of a bot; and Ann and Ben, who write to it."""

    house: House
    terminal: Path
    """Where what is typed and printed lies."""
    log: list[Called] = field(default_factory=list)
    bot: Fork | None = None
    _numbers: Iterator[int] = field(default_factory=count)
    ann: Person = field(init=False)
    ann_chat: Chat = field(init=False)
    ben: Person = field(init=False)
    ben_chat: Chat = field(init=False)

    def __post_init__(self) -> None:
        self.ann, self.ann_chat = self.house.chat("Ann")
        self.ben, self.ben_chat = self.house.chat("Ben")

    @property
    def env(self) -> Path:
        """The `.env` of the bot."""
        return self.house.folder / ".env"

    async def call(self, command: str, typed: str = "", **environ: str) -> Called:
        """Write a command, and wait for its end."""
        process, log = self._start(command, typed, environ)
        status = await process.wait()
        self.log.append(Called(command=command, status=status, printed=log.read_text(encoding="utf-8")))
        return self.log[-1]

    async def run(self) -> str:
        """Start the bot, and wait until it can receive; what it has printed until then."""
        self.bot, log = self._start("polar run", "", {})
        printed = ""

        def is_ready() -> bool:
            nonlocal printed
            before, ready, after = log.read_text(encoding="utf-8").partition("ready")
            printed = before + ready + after.partition("\n")[0] + "\n"
            assert self.bot is not None
            assert self.bot.returncode is None, f"the bot has ended: {printed}"
            return ready != "" and "\n" in after

        await until(is_ready)
        self.log.append(Called(command="polar run", status=0, printed=printed))
        return printed

    async def stop(self) -> None:
        """Ask the bot to end."""
        assert self.bot is not None
        self.bot.send_signal(signal.SIGTERM)
        assert await self.bot.wait() == 0
        self.bot = None

    async def ask(self, who: str, text: str) -> str:
        """What the bot answers to Ann or Ben."""
        person, chat = (self.ann, self.ann_chat) if who == "Ann" else (self.ben, self.ben_chat)
        before = len(self.house.world.sent(chat))
        self.house.world.say(chat, person, text)
        await self.house.world.wait(lambda: len(self.house.world.sent(chat)) > before, 30)
        return str(self.house.world.sent(chat)[before]["text"])

    async def count(self, sql: str, wanted: int) -> None:
        """Wait until a query counts so many."""
        await until(lambda: self.house.rows(sql) == [(wanted,)], timeout_s=30)

    async def poll_beside(self) -> None:
        """Another program polls once with the same token."""
        async with httpx.AsyncClient(timeout=30) as client:
            await client.get(f"{self.house.server.url}/bot{TOKEN}/getUpdates", params={"timeout": 0})

    def _start(self, command: str, typed: str, environ: dict[str, str]) -> tuple[Fork, Path]:
        """The process, and where it prints; what it works with is in the folder of the bot."""
        polar, *arguments = shlex.split(command)
        assert polar == "polar"
        variables = {"PATH": os.environ["PATH"], "COLUMNS": "80", "TZ": "Europe/Berlin", **environ}
        log, keys = (self.terminal / f"{next(self._numbers)}.{kind}" for kind in ("log", "typed"))
        log.touch()
        keys.write_text(typed, encoding="utf-8")
        return loaded().call(arguments, variables, log, folder=self.house.folder, typed=keys), log


async def set_up(operator: Operator) -> None:
    """From nothing to a bot that two people talk to."""
    url = operator.house.server.url
    await operator.call("polar init", typed=f"{TOKEN}\n", POLAR_TELEGRAM_API_URL=url)
    link = await operator.run()
    [code] = re.findall(r"\?start=(\w+)", link)
    await operator.ask("Ann", f"/start {code}")
    await operator.ask("Ann", "remember that my bike is green")
    refused = await operator.ask("Ben", "hello")
    await operator.ask("Ann", refused.splitlines()[-1])
    await operator.ask("Ben", "remember that I live in Oslo")
    message = operator.house.world.sent(operator.ann_chat)[1]["message_id"]
    operator.house.world.react(operator.ann_chat, operator.ann, message, "👍")
    await operator.count("SELECT count(*) FROM polar_feedback_events WHERE type = 'reaction_added'", 1)
    await operator.call("polar doctor")


async def break_and_mend(operator: Operator) -> None:
    """One thing after another is made wrong, found, and mended as the remedy says."""
    good = operator.env.read_text(encoding="utf-8")

    async def broken(spoil: Callable[[], object]) -> None:
        spoil()
        await operator.call("polar doctor")
        operator.env.write_text(good, encoding="utf-8")
        operator.env.chmod(0o600)

    await broken(lambda: operator.env.write_text(good.replace("TEST", "TSET"), encoding="utf-8"))
    await broken(lambda: operator.env.write_text(f"{good}POLAR_LANGUAGE='en\n", encoding="utf-8"))
    await broken(lambda: operator.env.write_text(f"{good}POLAR_RESPONDR=openai\n", encoding="utf-8"))
    await broken(lambda: operator.env.chmod(0o644))
    await operator.call("polar doctor")


async def go_back(operator: Operator) -> None:
    """A copy while a message waits; Ben is erased; the copy comes back."""
    world, rows = operator.house.world, "SELECT count(*) FROM polar_delivery_queue WHERE status = 'pending'"
    world.fault("sendMessage", "429", chat=operator.ann_chat.id, retry_after=DELAY_S)
    pong = asyncio.create_task(operator.ask("Ann", "/ping"))
    await operator.count(rows, 1)
    await operator.call("polar db backup before.db")
    await pong
    await operator.ask("Ann", "what colour is my bike?")
    await operator.call(f"polar erase {operator.ben.id}")
    await operator.call("polar db restore before.db")
    await operator.stop()
    await operator.call("polar db restore before.db")
    await operator.call("polar doctor")


async def go_on(operator: Operator) -> None:
    """The bot on the copy; what was set aside is sent once more."""
    await operator.run()
    await operator.ask("Ann", "what colour is my bike?")
    await operator.call("polar deliveries list")
    [(delivery,)] = operator.house.rows("SELECT deliveryId FROM polar_delivery_queue WHERE status = 'failed'")
    await operator.call(f"polar deliveries retry {delivery}")
    await operator.count("SELECT count(*) FROM polar_delivery_queue WHERE status <> 'sent'", 0)
    await operator.call("polar doctor")
    await operator.call("polar db prune --dry-run")
    await operator.poll_beside()
    await operator.count("SELECT count(*) FROM polar_properties WHERE name = 'last_conflict_ms'", 1)
    await operator.call("polar doctor")
    await operator.stop()


async def walk(operator: Operator) -> list[str]:
    """All of it; what was sent after the copy came back."""
    try:
        await set_up(operator)
        await break_and_mend(operator)
        await go_back(operator)
        before = len(operator.house.world.sent())
        await go_on(operator)
        return [message["text"] for message in operator.house.world.sent()[before:]]
    finally:
        if operator.bot is not None:
            operator.bot.kill()
            await operator.bot.wait()


async def printed() -> str:
    """What was written and printed, one after another."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as terminal:
        async with standing(World(token=TOKEN, username="polar_test_bot"), Path(folder)) as house:
            operator = Operator(house, Path(terminal))
            await walk(operator)
    return "\n".join(f"$ {called.command}\n{called.printed}({called.status})\n" for called in operator.log)


if __name__ == "__main__":
    sys.stdout.write(asyncio.run(printed()))
