"""`make fuzz`: what was right once, with something wrong in it, for whatever reads what others send.

A million inputs for the readers of updates and of a model's answers; 20,000 updates through the real application, some
of them with a model that babbles; 3,000 examples of each property among the tests. Exit status 1 with what does not
hold.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol, get_args

import typer

from tests.campaigns import end_as_by_ctrl_c
from tests.campaigns.fuzzing.living import live_alone, live_with_model
from tests.campaigns.fuzzing.rules import Broken
from tests.campaigns.fuzzing.stream_reading import StreamReading
from tests.campaigns.fuzzing.update_reading import UpdateReading
from tests.house import CHECKOUT

Kind = Literal["answers", "updates", "alone", "with a model"]
PROPERTIES = "properties"
PARTS = (*get_args(Kind), PROPERTIES)
INPUTS_AT_ONCE, UPDATES_AT_ONCE = 20_000, 4_000
"""Of one piece of the work, so that the same seed makes the same inputs however many processes share them."""
ONE_WITH_MODEL_IN = 4
SHOWN = 2_000
"""Characters of an input."""


class Piece(NamedTuple):
    """A part of the work, which one process does by itself."""

    kind: Kind
    number: int
    inputs: int
    seed: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a piece."""

    piece: Piece
    seconds: float
    found: list[str]


class Reading(Protocol):
    """Makes inputs, and judges what is read of each."""

    def draw(self) -> bytes: ...
    def judge(self, body: bytes) -> None: ...


def pieces(inputs: int, updates: int, seed: int) -> Iterator[Piece]:
    """The whole work: half of the inputs are answers, half are updates."""
    shares: tuple[tuple[Kind, int], ...] = (("answers", inputs - inputs // 2), ("updates", inputs // 2))
    for kind, share in shares:
        for number, begun in enumerate(range(0, share, INPUTS_AT_ONCE)):
            yield Piece(kind, number, min(INPUTS_AT_ONCE, share - begun), seed)
    for number, begun in enumerate(range(0, updates, UPDATES_AT_ONCE)):
        is_with_model = number % ONE_WITH_MODEL_IN == ONE_WITH_MODEL_IN - 1
        count = min(UPDATES_AT_ONCE, updates - begun)
        yield Piece("with a model" if is_with_model else "alone", number, count, seed)


def work(piece: Piece) -> Done:
    """Do a piece, whatever becomes of it."""
    began_s = time.monotonic()
    if piece.kind in _LIVES:
        found = live(piece)
    else:
        with _silent():
            found = read(piece, _READINGS[piece.kind](_chance(piece)))
    return Done(piece, time.monotonic() - began_s, found)


@contextmanager
def _silent() -> Iterator[None]:
    """What readers tell the log of a million odd inputs is read by nobody."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def read(piece: Piece, reading: Reading) -> list[str]:
    """The rules that do not hold, a line each, with how often and the shortest input."""
    shortest: dict[str, bytes] = {}
    count: dict[str, int] = {}
    for _ in range(piece.inputs):
        body = reading.draw()
        try:
            reading.judge(body)
        except Exception as error:  # noqa: BLE001 - whatever a reader raises is what is looked for
            rule = _rule(error)
            count[rule] = count.get(rule, 0) + 1
            if rule not in shortest or len(body) < len(shortest[rule]):
                shortest[rule] = body
    return [f"{piece.kind}: {rule}: {count[rule]} inputs, such as {body[:SHOWN]!r}" for rule, body in shortest.items()]


def live(piece: Piece) -> list[str]:
    """The rules that do not hold, a line each."""
    with tempfile.TemporaryDirectory(prefix="polar-fuzz-") as folder:
        living = _LIVES[piece.kind](Path(folder), updates=piece.inputs, seed=_chance(piece).randrange(2**32))
        return [f"{piece.kind}: {line}" for line in asyncio.run(living)]


_READINGS: dict[str, Callable[[random.Random], Reading]] = {"answers": StreamReading, "updates": UpdateReading}
_LIVES = {"alone": live_alone, "with a model": live_with_model}


def _chance(piece: Piece) -> random.Random:
    return random.Random(f"{piece.seed} {piece.kind} {piece.number}")


def _rule(error: Exception) -> str:
    """What does not hold; of an error that nobody has declared, where it comes from."""
    if isinstance(error, Broken):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"


def run(work_to_do: list[Piece], *, jobs: int, tell: Callable[[str], None]) -> list[str]:
    """All of it, shared by so many processes; the rules that do not hold."""
    found: list[str] = []
    count: Counter[Kind] = Counter()
    seconds: defaultdict[Kind, float] = defaultdict(float)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for done in pool.imap_unordered(work, work_to_do):
            kind = done.piece.kind
            count[kind] += done.piece.inputs
            seconds[kind] += done.seconds
            tell(f"{kind}: {count[kind]:,} inputs, {count[kind] / seconds[kind]:,.0f} a second and process")
            found += done.found
            for line in done.found:
                tell(f"does not hold: {line}")
    return found


def properties(examples: int, *, seed: int, jobs: int) -> bool:
    """Each property among the tests with so many examples; True if all of them hold."""
    plugin = ("-p", "tests.campaigns.fuzzing.many", "--examples", str(examples), "--hypothesis-seed", str(seed))
    command = (sys.executable, "-m", "pytest", "-m", "hypothesis", "-p", "no:cacheprovider", "-n", str(jobs), *plugin)
    return subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 0


def chosen(only: Collection[str]) -> Collection[str]:
    """The parts of the work, all of them where none is named."""
    if unknown := {*only} - {*PARTS}:
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}", param_hint="--only")
    return only or PARTS


def main(
    inputs: Annotated[
        int, typer.Option(min=0, help="For the readers, half of them answers, half updates.")
    ] = 1_000_000,
    updates: Annotated[int, typer.Option(min=0, help="Through the real application.")] = 20_000,
    examples: Annotated[int, typer.Option(min=0, help="Of each property among the tests.")] = 3_000,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share the work.")] = 2,
    seed: Annotated[int | None, typer.Option(help="Of an earlier run, to have the same again.")] = None,
    only: Annotated[list[str] | None, typer.Option(help=f"Any of {', '.join(PARTS)}; the same inputs.")] = None,
) -> None:
    """Give what is wrong to whatever reads, and look whether what is promised holds."""
    end_as_by_ctrl_c()
    parts = chosen(only or ())
    seed = random.randrange(2**32) if seed is None else seed
    print(f"seed {seed}: {inputs:,} inputs, {updates:,} updates, {examples:,} examples of each property", flush=True)
    began_s = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began_s:7.1f} {line}", flush=True)

    work_to_do = [piece for piece in pieces(inputs, updates, seed) if piece.kind in parts]
    found = run(work_to_do, jobs=jobs, tell=tell)
    holds = examples == 0 or PROPERTIES not in parts or properties(examples, seed=seed, jobs=jobs)
    tell("everything holds" if holds and not found else f"{len(found)} lines above tell what does not hold")
    if found or not holds:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
