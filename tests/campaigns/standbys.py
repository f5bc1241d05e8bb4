"""`make standbys`: two bots on one PostgreSQL, one active and one standing by, and faults at random instants.

What people write and react to comes in meanwhile; in the end nothing is lost, nothing doubled but what is marked, and
each chat has its answers in order. Tells how long it took until the other one was active. Exit status 1 with what does
not hold.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from emulator import Server
from tests import cluster
from tests.campaigns import end_as_by_ctrl_c
from tests.campaigns.machines import Pair
from tests.campaigns.telegram import Telegram
from tests.house import CHECKOUT, House, until
from tests.looking import MARK

KINDS = ("kill", "freeze", "cut", "drop", "restart")
CHATS = 4
FROZEN_S, SILENT_S = 7.0, 10.0
"""Longer than a lease."""
TAKES_IN_S, CALM_IN_S = 60.0, 120.0


@dataclass(slots=True)
class Findings:
    """What came of it: by kind of fault, the seconds until another process was active; and what does not hold."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    answering: dict[str, list[float]] = field(default_factory=dict)
    """The same, until a message of it arrived."""
    late: int = 0
    """Answers that came behind their own marked repeat."""
    marked: int = 0
    said: int = 0
    wrong: list[str] = field(default_factory=list)


class Stream:
    """People who write, numbered in each chat, and react to each answer once."""

    def __init__(self, house: House, world: Telegram, chance: random.Random) -> None:
        self._world, self._chance = world, chance
        self._people = [house.chat(f"P{number}") for number in range(CHATS)]
        self.said: list[tuple[int, str]] = []
        self.reacted: set[tuple[int, int]] = set()

    async def flow(self) -> None:
        """Forever."""
        while True:
            person, chat = self._chance.choice(self._people)
            text = f"n{len(self.said)}e"
            self.said.append((chat.id, text))
            self._world.say(chat, person, text)
            for message in self._world.sent(chat)[-3:]:
                key = chat.id, message["message_id"]
                if key not in self.reacted:
                    self.reacted.add(key)
                    self._world.react(chat, person, message["message_id"], "👍")
            await asyncio.sleep(self._chance.uniform(0, 0.2))


class Campaign:
    """The rounds: a fault, the taking over, and the return of whoever has ended, which stands by then."""

    def __init__(self, pair: Pair, chance: random.Random, tell: Callable[[str], None]) -> None:
        self._pair, self._chance, self._tell = pair, chance, tell
        self.findings = Findings()

    async def rounds(self, kinds: Sequence[str]) -> None:
        """One for each, until one does not end well."""
        for number, kind in enumerate(kinds, start=1):
            try:
                await self.round(number, kind)
            except TimeoutError:
                active = self._pair.active() or "nobody"
                self.findings.wrong.append(f"round {number}, {kind}: {active} is active, and it took too long")
                return

    async def round(self, number: int, kind: str) -> None:
        """One fault at a random instant of a time in which both are well."""
        await self._pair.both_well()
        await asyncio.sleep(self._chance.uniform(0, 1.0))
        before = self._pair.active()
        began_s = time.monotonic()
        strike = asyncio.create_task(self._strike(kind, before))
        await until(lambda: self._pair.active() not in ("", before), timeout_s=TAKES_IN_S)
        seconds, calls = time.monotonic() - began_s, self._pair.house.world.calls
        told = len(calls)
        await until(lambda: any(call.method == "sendMessage" for call in calls[told:]), timeout_s=TAKES_IN_S)
        answering = time.monotonic() - began_s
        await strike
        self.findings.seconds.setdefault(kind, []).append(seconds)
        self.findings.answering.setdefault(kind, []).append(answering)
        self._tell(f"{number:4} {kind:8} active after {seconds:5.2f} s, answering after {answering:5.2f} s")

    async def _strike(self, kind: str, active: str) -> None:
        machine = self._pair.machine_of(active)
        match kind:
            case "kill":
                machine.kill()
            case "freeze":
                await machine.freeze(FROZEN_S)
            case "cut":
                machine.network.cut()
            case "drop":
                await machine.network.drop(SILENT_S)
            case "restart":
                await self._pair.restart_server()


def judge(findings: Findings, stream: Stream, world: Telegram, pair: Pair) -> None:
    """Note what does not hold."""
    arrived = [(a.chat, a.text.removeprefix(MARK).split("echo: ")[-1], MARK in a.text) for a in world.arrivals()]
    unmarked = Counter((chat, text) for chat, text, is_marked in arrived if not is_marked)
    marked = Counter((chat, text) for chat, text, is_marked in arrived if is_marked)
    findings.said, findings.marked = len(stream.said), sum(marked.values())
    wrong = findings.wrong
    wrong += [f"lost: {each}" for each in stream.said if not unmarked[each] + marked[each]]
    wrong += [f"doubled without a mark: {each}" for each, count in unmarked.items() if count > 1]
    wrong += [f"repeated more than once: {each}" for each, count in marked.items() if count > 1]
    places = {said: number for number, said in enumerate(stream.said)}
    last: dict[int, int] = {}
    repeated: set[tuple[int, str]] = set()
    for chat, text, is_marked in arrived:
        place = places.get((chat, text), -1)
        if is_marked:
            repeated.add((chat, text))
        elif (chat, text) in repeated:
            findings.late += 1
            continue
        if place < last.get(chat, -1):
            wrong.append(f"out of order: {text} in {chat}")
        last[chat] = max(place, last.get(chat, -1))
    wrong += pair.left_open()
    if (count := pair.reactions()) != len(stream.reacted):
        wrong.append(f"{len(stream.reacted)} reactions were made, {count} are in the ledger")
    wrong += pair.unforeseen


@asynccontextmanager
async def flowing(stream: Stream) -> AsyncIterator[None]:
    """People go on all the while."""
    task = asyncio.create_task(stream.flow())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def run(folder: Path, kinds: Sequence[str], *, seed: int, tell: Callable[[str], None]) -> Findings:
    """A round for each of these kinds, in this order; what came of it."""
    with reachable_folder() as place, cluster.cluster(place) as url:
        chance, world = random.Random(seed), Telegram()
        async with Server(world) as telegram:
            house = House(world=world, server=telegram, folder=folder)
            async with Pair(house, url, place / "cluster") as pair:
                stream, campaign = Stream(house, world, chance), Campaign(pair, chance, tell)
                async with flowing(stream):
                    await campaign.rounds(kinds)
                with suppress(TimeoutError):  # then it is told what is left
                    await pair.both_well()
                    await until(lambda: not world.updates_pending() and not pair.left_open(), timeout_s=CALM_IN_S)
                judge(campaign.findings, stream, world, pair)
                return campaign.findings


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """One that the server's user can reach, who is not us."""
    with tempfile.TemporaryDirectory(prefix="polar-standbys-") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


def distribution(seconds: Sequence[float]) -> str:
    """In one line."""
    ordered = sorted(seconds)
    middle, high = (ordered[min(len(ordered) - 1, int(len(ordered) * part))] for part in (0.5, 0.95))
    return f"{len(ordered)} times, {ordered[0]:.2f} to {ordered[-1]:.2f} s, median {middle:.2f}, 95% {high:.2f}"


def main(
    rounds: Annotated[int, typer.Option(min=1, help="How many faults.")] = 100,
    seed: Annotated[int | None, typer.Option(help="Of an earlier campaign, to have the same again.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A kind of fault; may be given several times.")] = None,
) -> None:
    """Let one of two bots fall again and again, and look whether the other one goes on where it was."""
    end_as_by_ctrl_c()
    seed = random.randrange(2**32) if seed is None else seed
    print(f"seed {seed}")
    chance = random.Random(seed + 1)
    kinds = [chance.choice(only or KINDS) for _ in range(rounds)]
    with tempfile.TemporaryDirectory(prefix="polar-standbys-") as folder:
        found = asyncio.run(run(Path(folder), kinds, seed=seed, tell=lambda line: print(line, flush=True)))
        if found.wrong:
            kept = CHECKOUT / ".bench" / f"standbys-{seed}"
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            print(f"the logs are kept in {kept}")
    print(f"{found.said} messages; {found.marked} answers came marked, {found.late} behind their marked repeat")
    for kind in sorted(found.seconds):
        print(f"{kind:8} active {distribution(found.seconds[kind])}; answering {distribution(found.answering[kind])}")
    for line in found.wrong:
        print(f"does not hold: {line}")
    if found.wrong:
        raise typer.Exit(1)
    print("everything holds")


if __name__ == "__main__":
    typer.run(main)
