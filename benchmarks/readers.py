"""What a read by a key costs, by design of the reader: in one hop with all others that wait, or each by aiosqlite.

Askers run side by side; each waits for its own row before it asks for the next one.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from pathlib import Path
from statistics import median
from typing import Annotated, NamedTuple, TypeVarTuple

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.telegram import SENT_AT
from storage.database import Database
from storage.engines import connect_readers
from storage.readers import Readers
from storage.tables.messages import Messages

CHECKOUT = Path(__file__).resolve().parent.parent
ASKERS = (1, 16, 64)
CHAT, MESSAGES = "telegram:chat:1", 1_000
NOW_MS = SENT_AT * 1000
GROUPS, SINGLY = "a group a hop", "aiosqlite, a query a hop"


Arguments = TypeVarTuple("Arguments")


class ReadCost(NamedTuple):
    """Of one read: microseconds of processor time in all and on the event loop, and hops to another thread and back."""

    all_us: float
    loop_us: float
    hops: float


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts what other threads bring back."""

    hops = 0

    def call_soon_threadsafe(
        self, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.Handle:
        """As ever."""
        self.hops += 1
        return super().call_soon_threadsafe(callback, *args, context=context)


@asynccontextmanager
async def prepared(path: Path) -> AsyncIterator[dict[str, Readers]]:
    """Both designs on one database, in which there are messages."""
    database = await Database.open(path, now_ms=NOW_MS)
    await database.commit(
        *(
            Messages.add_received(
                session_id=CHAT,
                telegram_message_id=number,
                turn_id=str(number),
                thread_key="root:1",
                user_id="1",
                kind="text",
                text="x" * 100,
                attachment=None,
                now_ms=NOW_MS,
            )
            for number in range(MESSAGES)
        )
    )
    readers = await connect_readers(path)
    try:
        yield {GROUPS: database, SINGLY: readers}
    finally:
        await readers.close()
        await database.close()


async def measure(readers: Readers, askers: int, reads: int) -> ReadCost:
    """Of a read, where so many ask at the same time."""
    messages = Messages(readers)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop)

    async def ask() -> None:
        for number in range(reads // askers):
            assert await messages.find(CHAT, number % MESSAGES) is not None

    former, in_all, on_loop = loop.hops, time.process_time(), time.thread_time()
    await asyncio.gather(*(ask() for _ in range(askers)))
    on_loop, in_all = time.thread_time() - on_loop, time.process_time() - in_all
    return ReadCost(in_all / reads * 1e6, on_loop / reads * 1e6, (loop.hops - former) / reads)


async def compare(folder: Path, rounds: int, reads: int) -> dict[int, dict[str, list[ReadCost]]]:
    """By askers and design, the designs in turn within a round."""
    found: dict[int, dict[str, list[ReadCost]]] = {n: {SINGLY: [], GROUPS: []} for n in ASKERS}
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        async with prepared(Path(temporary) / "readers.db") as designs:
            for _ in range(rounds):
                for askers in ASKERS:
                    for name, readers in designs.items():
                        found[askers][name].append(await measure(readers, askers, reads))
    return found


def show(found: dict[int, dict[str, list[ReadCost]]]) -> None:
    """Medians."""
    table = Table("askers", "design", title="a read by a key, medians")
    for heading in ("µs in all", "µs on the loop", "hops"):
        table.add_column(heading, justify="right")
    for askers, designs in found.items():
        for name, costs in designs.items():
            in_all, on_loop, hops = map(median, zip(*costs, strict=True))
            table.add_row(str(askers), name, f"{in_all:.1f}", f"{on_loop:.1f}", f"{hops:.3f}")
        table.add_section()
    Console().print(table)


def main(
    reads: Annotated[int, typer.Option(min=64, help="Reads a measurement.")] = 6_400,
    rounds: Annotated[int, typer.Option(min=1, help="How often each design runs.")] = 9,
    folder: Annotated[Path, typer.Option(help="Where the database is made; on a disk.")] = CHECKOUT / ".bench",
) -> None:
    """Compare designs of the reader."""
    folder.mkdir(parents=True, exist_ok=True)
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        show(runner.run(compare(folder, rounds, reads)))


if __name__ == "__main__":
    typer.run(main)
