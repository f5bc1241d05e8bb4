"""`make soak`: 200,000 mixed updates through the real application, a day for each 10,000; what stays flat, what grows.

The bot is a process of its own with a real file; Telegram is in this one. Exit status 1 if something grows that must
not.
"""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot.settings import Settings
from emulator import Chat, Person, Server, World
from storage.ids import THUMB_DOWN, THUMB_UP
from tests.campaigns import end_as_by_ctrl_c
from tests.campaigns.flatness import TERMS, Measure, growth, not_flat
from tests.campaigns.tables import rows, sizes
from tests.house import CHECKOUT, TOKEN, House, until

DAY_S = 86_400
PEOPLE, SCHEDULERS = 60, 10
"""Those who write, and those of them who have a reminder every six hours."""
BATCH, MOST_PENDING = 100, 300
REMEMBERED = 40
WARM_UP_DAYS = 2
TERM_DAYS = 2
"""For whatever has a term, so that a soak of a few days comes to its end."""
EMOJI = ("👍", "👎", "🔥", "🤔")
COMMANDS = ("/ping", "/memory", "/tasks", "/budget", "/feedback")
IDLE_IN_S = 120.0
OPEN = (
    "SELECT (SELECT count(*) FROM polar_updates WHERE status = 'pending') + "
    "(SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending'))"
)


@dataclass(slots=True)
class Villager:
    """A person, and the newest messages of the chat with the bot."""

    person: Person
    chat: Chat
    said: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Village:
    """People who live on, in a mix that does not change."""

    def __init__(self, house: House, seed: int) -> None:
        self.world = house.world
        self.chance = random.Random(seed)
        self.people = [Villager(*house.chat(f"P{number}")) for number in range(PEOPLE)]
        self._said = 0
        self._acts: tuple[tuple[int, Callable[[Villager], None]], ...] = (
            (50, self._react),
            (10, self._press),
            (26, self._say),
            (6, self._edit),
            (5, self._command),
            (3, self._show),
        )

    def settle_in(self) -> None:
        """Everybody has written, and some want to be reminded."""
        for villager in self.people:
            self._say(villager)
        for villager in self.people[:SCHEDULERS]:
            self.world.say(villager.chat, villager.person, "/automations create every 6 hours | stand up")

    def step(self, updates: int) -> None:
        """So many acts."""
        weights = [weight for weight, _ in self._acts]
        for _ in range(updates):
            [(_, act)] = self.chance.choices(self._acts, weights)
            act(self.chance.choice(self.people))

    def _say(self, villager: Villager) -> None:
        self._said += 1
        text = f"Message {self._said}, about as long as what people write to a bot in one go."
        villager.said.append(self.world.say(villager.chat, villager.person, text))

    def _react(self, villager: Villager) -> None:
        emoji = self.chance.sample(EMOJI, self.chance.randint(0, 1))
        self.world.react(villager.chat, villager.person, self.chance.choice(villager.said), *emoji)

    def _press(self, villager: Villager) -> None:
        sent = self.world.room(villager.chat).sent
        if sent:
            data = self.chance.choice((THUMB_UP, THUMB_DOWN))
            self.world.press(villager.chat, villager.person, sent[-1], data)

    def _edit(self, villager: Villager) -> None:
        self._said += 1
        self.world.edit(villager.chat, self.chance.choice(villager.said), f"Edited {self._said}, as people do.")

    def _command(self, villager: Villager) -> None:
        self.world.say(villager.chat, villager.person, self.chance.choice(COMMANDS))

    def _show(self, villager: Villager) -> None:
        self.world.send(villager.chat, villager.person, "photo", "A picture of it")


@dataclass(slots=True)
class SlowTime:
    """The machine's time, ahead of it by days."""

    ahead_s: float = 0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


class Soak:
    """A village and its bot, which is measured behind each day."""

    def __init__(self, house: House, clock: SlowTime, process: asyncio.subprocess.Process, seed: int) -> None:
        self.house, self.world, self.clock, self.process = house, house.world, clock, process
        self.village = Village(house, seed)
        self.measures: list[Measure] = []

    async def live(self, updates: int, every: int, tell: Callable[[Measure], None]) -> None:
        """Handle so many updates, a day for each `every` of them."""
        self.village.settle_in()
        await self._idle()
        for done in range(every, updates + 1, every):
            await self._day(every)
            is_counted = done in (WARM_UP_DAYS * every, updates // every * every)
            self.measures.append(await self._measure(done, is_counted=is_counted))
            tell(self.measures[-1])
            self.world.calls.clear()
            self.world.answers.clear()

    async def _day(self, updates: int) -> None:
        last = self.world.next_update_id + updates
        while (left := last - self.world.next_update_id) > 0:
            self.village.step(min(BATCH, left))
            await self.world.wait(lambda: self.world.updates_pending() < MOST_PENDING, IDLE_IN_S)
        await self._idle()

    async def _idle(self) -> None:
        await self.world.wait(lambda: self.world.updates_pending() == 0, IDLE_IN_S)
        await until(lambda: self.house.rows(OPEN) == [(0,)], timeout_s=IDLE_IN_S)

    async def _measure(self, updates: int, *, is_counted: bool) -> Measure:
        """Memory as it is, then a day goes by, then everything else: of tasks those that were there before that day."""
        inside = Path(f"/proc/{self.process.pid}")
        status = dict(line.split(":", 1) for line in (inside / "status").read_text().splitlines())
        self.clock.ahead_s += DAY_S
        await self._order(DAY_S)
        await self._idle()
        told = await self._order(0, is_counted=is_counted)
        opened = [str(file.readlink()) for file in (inside / "fd").iterdir()]
        sockets = sum(name.startswith("socket:") for name in opened)
        log = self.house.path.with_name(self.house.path.name + "-wal")
        with closing(sqlite3.connect(f"file:{self.house.path}?mode=ro", uri=True, timeout=10)) as database:
            pages = database.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            return Measure(
                updates=updates,
                rss_kib=int(status["VmRSS"].split()[0]),
                files=len(opened) - sockets,
                sockets=sockets,
                tasks=told["tasks"],
                objects=told["objects"],
                log_bytes=log.stat().st_size if log.exists() else 0,
                bytes=pages.fetchone()[0],
                rows=rows(database),
                table_bytes=sizes(database),
            )

    async def _order(self, seconds: int, *, is_counted: bool = False) -> dict[str, Any]:
        assert self.process.stdin is not None
        order = {"seconds": seconds, "is_counted": is_counted}
        self.process.stdin.write(f"{json.dumps(order)}\n".encode())
        return await _line(self.process)


async def _line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    """What the bot tells next. Raises EOFError when it has ended."""
    assert process.stdout is not None
    async with asyncio.timeout(IDLE_IN_S):
        line = await process.stdout.readline()
    if not line:
        raise EOFError(f"the bot has ended with status {await process.wait()}")
    told: dict[str, Any] = json.loads(line)
    return told


@asynccontextmanager
async def soaking(folder: Path, seed: int, **changes: Any) -> AsyncIterator[Soak]:
    """A bot that is ready, with further settings; it ends with the context."""
    clock = SlowTime()
    world = World(TOKEN, "polar_test_bot", clock=clock)
    async with Server(world) as server:
        house = House(world=world, server=server, folder=folder)
        settings = {"feedback_buttons": "private", **dict.fromkeys(in_force(), TERM_DAYS), **changes}
        with (folder / "bot.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.campaigns.long_life"),
                cwd=CHECKOUT,
                env=house.environment(**settings),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        try:
            await _line(process)
            await world.wait(lambda: "message_reaction" in world.bot.updates.allowed)
            yield Soak(house, clock, process, seed)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


def in_force() -> frozenset[str]:
    """The settings of terms that there are."""
    return frozenset(TERMS.values()) & frozenset(Settings.model_fields)


async def run(
    folder: Path, *, updates: int, every: int, seed: int, tell: Callable[[Measure], None], **changes: Any
) -> list[Measure]:
    """A whole soak, with further settings of the bot."""
    async with soaking(folder, seed, **changes) as soak:
        await soak.live(updates, every, tell)
        return soak.measures


COLUMNS = ("updates", "MiB", "files", "sockets", "tasks", "objects", "log", "file", "with a term", "others")


def _told(measures: list[Measure]) -> Table:
    table = Table(*COLUMNS)
    for measure in measures:
        with_term = sum(count for name, count in measure.rows.items() if name in TERMS)
        table.add_row(
            f"{measure.updates:,}",
            f"{measure.rss_kib / 1024:.1f}",
            str(measure.files),
            str(measure.sockets),
            str(measure.tasks),
            f"{measure.objects:,}",
            f"{measure.log_bytes / 2**20:.1f}",
            f"{measure.bytes / 2**20:.1f}",
            f"{with_term:,}",
            f"{sum(measure.rows.values()) - with_term:,}",
        )
    return table


def main(
    updates: Annotated[int, typer.Option(min=100, help="How many in all.")] = 200_000,
    every: Annotated[int, typer.Option(min=100, help="How many a day.")] = 10_000,
    seed: Annotated[int | None, typer.Option(help="Of an earlier soak, to have the same again.")] = None,
) -> None:
    """Let the bot live for long, and look what of it grows."""
    end_as_by_ctrl_c()
    seed = random.randrange(2**32) if seed is None else seed
    print(f"seed {seed}")

    def tell(measure: Measure) -> None:
        print(f"{measure.updates:,} updates, {measure.rss_kib / 1024:.1f} MiB", flush=True)

    with tempfile.TemporaryDirectory(prefix="polar-soak-") as folder:
        measures = asyncio.run(run(Path(folder), updates=updates, every=every, seed=seed, tell=tell))
    print("memory, log and file in MiB; rows of tables with a term, and of all others")
    Console(width=110).print(_told(measures))
    for line in growth(measures):
        print(f"grows: {line}")
    for setting in sorted(set(TERMS.values()) - in_force()):
        print(f"not judged, as there is no setting {setting}")
    found = not_flat(measures, warm_up=WARM_UP_DAYS * every, in_force=in_force())
    for line in found:
        print(f"not flat: {line}")
    if found:
        raise typer.Exit(1)
    print("flat")


if __name__ == "__main__":
    typer.run(main)
