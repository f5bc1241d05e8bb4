"""One bot of the campaign with all that belongs to it: its Telegram, model, dashboard, and the people who use it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import sqlite3
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx

from bot.settings import Settings
from emulator import Server
from emulator.model import Answer, Exchange, ModelServer, long_answer
from emulator.model.canned import reply
from storage.sqlite import opening
from storage.sqlite.writer import run_batch
from storage.tables.budgets import BudgetPolicy, Budgets
from tests.campaigns.bounds import Lived
from tests.campaigns.honest import Honest, Witness
from tests.campaigns.hostile import WORDS, Attackers
from tests.campaigns.tables import rows, sizes
from tests.campaigns.telegram import EchoModel, newest
from tests.house import CHECKOUT, QUICK, House, until
from tests.killing import Process, end, finished, start
from tests.model import PRICED, to_model

HERE = "127.0.0.1"
SECRET = "a-secret-that-nobody-guesses"
LOOKS_EVERY_S, LOOKS_FOR_S = 3.0, 30.0
PIECE_S, PIECE = 0.02, 200
GLOBAL_USD = 1_000.0
LONGEST_TOKENS = 6_000
"""Of the long answer, so that no call costs more than its estimate."""
OWNER_ID = 1
AS_THEY_COME = {name: Settings.model_fields[name].default for name in QUICK}
"""What tests have quicker, as it is without them."""


class Adviser(EchoModel):
    """Repeats what it is told at the pace of a model, is long where that is asked for, and proposes reminders.

    `calls` and `usd` are by who asked, told by their words.
    """

    def __init__(self) -> None:
        super().__init__()
        self.delay_s = PIECE_S
        self.calls: Counter[str] = Counter()

    def take(self, request: Mapping[str, Any], authorization: str) -> Exchange:
        """As Model has it."""
        text = newest(dict(request))
        self.calls[next((who for word, who in WORDS.items() if word in text), "honest")] += 1
        if "remind me" in text:
            self.order(reply(dict(request)))
        elif "long answer" in text:
            said = long_answer()
            self.order(Answer(pieces=tuple(said[n : n + PIECE] for n in range(0, len(said), PIECE))))
        return super().take(dict(request), authorization)


class Side:
    """A bot that runs. `attackers` are known to it, whether they do anything or not."""

    def __init__(self, house: House, world: Witness, adviser: Adviser, seed: int, member_usd: float) -> None:
        self.house, self.world, self.adviser = house, world, adviser
        self.honest = Honest(world, seed)
        self.attackers = Attackers(world, self.honest.group, seed)
        self.member_usd = member_usd
        self.hook, self.web = _free_port(), _free_port()
        self.process: Process | None = None
        self.memory_kib: list[int] = []
        self._rows: Mapping[str, int] = {}
        self._sizes: Mapping[str, int] = {}
        self._lines = 0

    @property
    def dashboard_log(self) -> Path:
        """What the dashboard writes; it says there when it is ready."""
        return self.house.folder / "web.log"

    def allow(self) -> None:
        """A budget for all, and one for the hostile member."""
        member = str(self.attackers.member.id)
        policies = (
            BudgetPolicy(scope="global", target_id="", limit_usd=GLOBAL_USD),
            BudgetPolicy(scope="user", target_id=member, limit_usd=self.member_usd),
        )
        connection, _ = opening.prepare(self.house.path, 1)
        with closing(connection):
            run_batch(connection, [Budgets.set(policy, now_ms=1) for policy in policies])

    def settings(self, model: ModelServer) -> dict[str, Any]:
        """As they come, with a model, a webhook, and all but the stranger let in."""
        people = {neighbour.person.id for neighbour in self.honest.people}
        listen = f"{HERE}:{self.hook}"
        return {
            **AS_THEY_COME,
            **to_model(model, **PRICED, openai_max_output_tokens=LONGEST_TOKENS),
            "admin_telegram_ids": frozenset({OWNER_ID}),
            "allowed_telegram_ids": frozenset({*people, self.attackers.member.id, self.honest.group.id}),
            "webhook_url": f"http://{listen}/updates",
            "webhook_listen": listen,
            "webhook_secret": SECRET,
        }

    async def begin(self) -> None:
        """Everybody has asked once; what is measured is measured from here on."""
        await self.world.wait(lambda: "message_reaction" in self.world.bot.updates.allowed)
        self.honest.settle_in()
        await self.honest.rest()
        await finished(self.house)
        self.world.questions.clear()
        self._rows, self._sizes = self._tables()
        self._lines = self._count_lines()

    async def look(self) -> None:
        """Open the dashboard now and then, without end."""
        async with httpx.AsyncClient(base_url=f"http://{HERE}:{self.web}", timeout=LOOKS_FOR_S) as client:
            while True:
                question = self.world.ask("page", 0, "the overview")
                try:
                    with contextlib.suppress(httpx.TransportError):
                        if (await client.get("/")).status_code == 200:
                            self.world.answer(question)
                except asyncio.CancelledError:
                    self.world.withdraw(question)
                    raise
                await asyncio.sleep(LOOKS_EVERY_S)

    def measure(self) -> None:
        """What a slice ends with."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        self.memory_kib.append(int(re.findall(r"VmRSS:\s+(\d+)", status)[0]))
        self.world.calls.clear()
        self.world.answers.clear()

    async def stop(self) -> Lived:
        """Ask the bot to end; what there was of it."""
        await self.honest.rest()
        assert self.process is not None
        status = await end(self.process)
        waits: dict[str, list[float]] = defaultdict(list)
        for question in self.world.questions:
            if question.waited_s is not None:
                waits[question.kind].append(question.waited_s)
        now, grown = self._tables()
        usd = self.house.rows("SELECT targetId, accumulatedUsd FROM polar_budget_usage")
        named = {"": "all", str(self.attackers.member.id): "member"}
        return Lived(
            waits=waits,
            lost=[f"{question.kind} {question.text}" for question in self.world.unanswered],
            rows={table: count - self._rows.get(table, 0) for table, count in now.items()},
            sizes={table: size - self._sizes.get(table, 0) for table, size in grown.items()},
            memory_kib=self.memory_kib,
            lines=self._count_lines() - self._lines,
            calls=self.adviser.calls,
            usd={named[target]: spent for target, spent in usd},
            status=status,
        )

    def _tables(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        with closing(sqlite3.connect(f"file:{self.house.path}?mode=ro", uri=True, timeout=10)) as database:
            return rows(database), sizes(database)

    def _count_lines(self) -> int:
        return sum(path.read_bytes().count(b"\n") for path in self.house.folder.glob("*.log"))


@asynccontextmanager
async def living(folder: Path, seed: int, member_usd: float) -> AsyncIterator[Side]:
    """A bot and its dashboard in an empty folder, both processes of their own, which end with the context."""
    world, model = Witness(), ModelServer(Adviser())
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(Server(world))
        await stack.enter_async_context(model)
        assert isinstance(model.model, Adviser)
        side = Side(House(world=world, server=server, folder=folder), world, model.model, seed, member_usd)
        side.allow()
        side.process = await start(side.house, **side.settings(model))
        stack.push_async_callback(_kill, side.process)
        stack.push_async_callback(_kill, await _dashboard(side))
        await until(lambda: b"ready" in side.dashboard_log.read_bytes())
        await side.begin()
        yield side


async def _dashboard(side: Side) -> Process:
    paths = ("--database", str(side.house.path), "--artifacts", str(side.house.folder / "artifacts"))
    with side.dashboard_log.open("ab") as out:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "web", "--listen", f"{HERE}:{side.web}", *paths),
            cwd=CHECKOUT,
            stdout=out,
            stderr=out,
        )


async def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


def _free_port() -> int:
    with socket.create_server((HERE, 0)) as found:
        return int(found.getsockname()[1])
