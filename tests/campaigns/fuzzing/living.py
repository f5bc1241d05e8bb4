"""Updates that were right once, through the real application: each comes to its end, and none of them is lost."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import BotError
from bot.run import Running
from emulator import Person, World
from emulator.model import Answer, Exchange, Model, ModelServer
from storage.errors import StorageError
from tests.campaigns.fuzzing.mutation import Mutator
from tests.campaigns.fuzzing.remains import missing
from tests.campaigns.fuzzing.samples import ANN, GROUP, NEWS, UPDATES
from tests.campaigns.fuzzing.stream_reading import StreamReading
from tests.campaigns.fuzzing.unrest import OPEN, at_work, still_open
from tests.campaigns.fuzzing.update_reading import NAMES
from tests.house import TOKEN, House, standing, until
from tests.looking import awake
from tests.model import PRICED, to_model

Json = dict[str, Any]
PEOPLE = 100
BATCH, MOST_PENDING = 100, 300
IDLE_IN_S = 300.0
ASKED_S = 4
DECLARED = "not readable: UpdateUnreadable"
"""What the log says of an update without that which there is no turn without."""


class Babbling(Model):
    """A model whose endpoint sends what was right once."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._streams = StreamReading(chance)

    def take(self, request: Json, authorization: str) -> Exchange:
        """As Model has it."""
        self.otherwise = Answer(raw=self._streams.draw())
        return super().take(request, authorization)


class Alarms(logging.Handler):
    """What the log tells of faults of ours: an error, a traceback, a turn that failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """As Handler has it."""
        line = record.getMessage()
        if DECLARED in line:
            return
        if record.levelno >= logging.ERROR or record.exc_info or "failed at try" in line:
            self.lines.append(f"{record.name}: {line} {record.exc_info[1]!r}" if record.exc_info else line)


@dataclass(slots=True)
class Life:
    """Some people, and what was sent in their name, by its update_id."""

    house: House
    bot: Running
    chance: random.Random
    people: list[Person]
    sent: dict[int, Json] = field(default_factory=dict)
    alarms: Alarms = field(default_factory=Alarms)
    unrest: list[str] = field(default_factory=list)
    """What was still open when nobody waited for it any longer, a line each."""
    _mutator: Mutator = field(init=False)

    def __post_init__(self) -> None:
        self._mutator = Mutator(self.chance, UPDATES, NAMES)

    async def live(self, updates: int) -> None:
        """Send so many, and wait until all is done; where that never comes, what is open then is a finding."""
        try:
            await self.bot.app.supervisor.meanwhile(self._send(updates))
        except (TimeoutError, BotError, StorageError) as error:
            why = "it took too long" if isinstance(error, TimeoutError) else f"the bot has ended: {error}"
            self.unrest = [f"it never came to rest: {why}", *still_open(self.house), *at_work()]

    async def _send(self, updates: int) -> None:
        world = self.house.world
        for begun in range(0, updates, BATCH):
            for _ in range(min(BATCH, updates - begun)):
                self._push()
            await world.wait(lambda: world.updates_pending() < MOST_PENDING, IDLE_IN_S)
        await world.wait(lambda: world.updates_pending() == 0, IDLE_IN_S)
        await until(lambda: self.house.rows(OPEN) == [(0,)], timeout_s=IDLE_IN_S)

    def _push(self) -> None:
        number = len(self.sent) + 1_000
        person = self.chance.choice(self.people)
        written = self.chance.choice(UPDATES).replace(str(ANN["id"]), str(person.id))
        written = written.replace('"message_id": 42', f'"message_id": {number}')
        update: Any = None
        while not isinstance(update, dict) or not update:
            update = self._change(written)
            if isinstance(update, dict):
                update.pop("update_id", None)
        self.sent[self.house.world.push(update)] = update

    def _change(self, written: str) -> Any:
        """Something that was this once; None where Telegram's double could not write it."""
        try:
            return json.loads(self._mutator.write(self._mutator.tree(written, most=3)).decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError):
            return None


@asynccontextmanager
async def alive(folder: Path, seed: int, **settings: Any) -> AsyncIterator[Life]:
    """A bot in this process, and people with whom it has a chat; with further settings."""
    world = World(token=TOKEN, username="polar_test_bot")
    people = [world.person(f"P{number}") for number in range(PEOPLE)]
    for person in people:
        world.private(person)
    world.group("Friends", people, id=GROUP["id"])
    world.channel("News", id=NEWS["id"])
    async with standing(world, folder) as house:
        log, alarms = logging.getLogger("polar"), Alarms()
        log.addHandler(alarms)
        try:
            async with house.bot(**settings) as bot:
                await awake(house)
                yield Life(house, bot, random.Random(seed), people, alarms=alarms)
        finally:
            log.removeHandler(alarms)


async def live_alone(folder: Path, *, updates: int, seed: int) -> list[str]:
    """With the embedded responder; the rules that do not hold."""
    async with alive(folder, seed, responder="local") as life:
        await life.live(updates)
    return broken(life)


async def live_with_model(folder: Path, *, updates: int, seed: int) -> list[str]:
    """With a model whose endpoint sends what was right once as well."""
    model = Babbling(random.Random(seed + 1))
    async with ModelServer(model) as server:
        settings = to_model(server, **PRICED) | {"responder_timeout_seconds": ASKED_S}
        async with alive(folder, seed, **settings) as life:
            await life.live(updates)
    return broken(life)


def broken(life: Life) -> list[str]:
    """The rules that do not hold, a line each."""
    alarms = [f"the log tells of a fault: {line}" for line in life.alarms.lines]
    return life.unrest + alarms + missing(life.house, life.sent, frozenset(person.id for person in life.people))
