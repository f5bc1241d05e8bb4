"""`make abuse`: one hostile member, a stranger, another bot and silent connections beside twenty honest people.

Two bots of the real application, each a process with a real file: one has the honest people alone, the other has the
same people doing the same beside those who try it. They have their turns in short slices, so that whatever else the
machine does concerns both. Exit status 1 with the rules that do not hold.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tests.campaigns import end_as_by_ctrl_c
from tests.campaigns.bounds import Hostility, Lived, broken, p95
from tests.campaigns.hostile import silence
from tests.campaigns.side import GLOBAL_USD, Side, living
from tests.house import CHECKOUT

SLICE_S = 20.0
USD_A_MINUTE = 0.25
"""Of the hostile member's budget, so that it is used up on the way."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What was seen: in quiet, and besieged."""

    quiet: Lived
    siege: Lived
    hostility: Hostility

    def rules_broken(self) -> list[str]:
        """A line each."""
        return broken(self.quiet, self.siege, self.hostility)


async def run(folder: Path, *, seconds: float, slice_s: float, seed: int, tell: Callable[[str], None]) -> Campaign:
    """A whole campaign: so many seconds of each, in slices."""
    member_usd = USD_A_MINUTE * seconds / 60
    in_quiet, besieged = (Path(tempfile.mkdtemp(prefix=name, dir=folder)) for name in ("quiet-", "besieged-"))
    async with living(in_quiet, seed, member_usd) as quiet, living(besieged, seed, member_usd) as siege:
        for number in range(1, max(3, round(seconds / slice_s)) + 1):
            await _live(quiet, slice_s)
            await _live(siege, slice_s, siege.attackers.attack(), silence(siege.hook, siege.web))
            tell(f"{number * slice_s:6.0f} s: {_told(quiet)} in quiet, {_told(siege)} besieged")
        lived = await quiet.stop(), await siege.stop()
        minutes = number * slice_s / 60
        sent = dict(siege.attackers.counts)
    limits = {"all": GLOBAL_USD, "member": member_usd}
    hostility = Hostility(minutes=minutes, sent=sent, bytes_sent=siege.attackers.bytes_sent, limit_usd=limits)
    return Campaign(*lived, hostility)


async def _live(side: Side, seconds: float, *others: Coroutine[Any, Any, None]) -> None:
    """The honest people's slice, while the others do what they do."""
    async with asyncio.TaskGroup() as tasks:
        meanwhile = [tasks.create_task(other) for other in (side.look(), *others)]
        await side.honest.live(seconds)
        await side.honest.rest()
        for task in meanwhile:
            task.cancel()
    await side.world.wait(lambda: side.world.updates_pending() == 0)
    side.measure()


def _told(side: Side) -> str:
    waits: dict[str, list[float]] = defaultdict(list)
    for question in side.world.questions:
        if question.waited_s is not None:
            waits[question.kind].append(question.waited_s)
    kinds = ", ".join(f"{kind} {p95(some):.2f}" for kind, some in sorted(waits.items()))
    return f"p95 {p95([wait for some in waits.values() for wait in some]):.2f} s ({kinds})"


def _report(campaign: Campaign) -> None:
    quiet, siege = campaign.quiet, campaign.siege
    for kind, waits in sorted(siege.waits.items()):
        before = quiet.waits.get(kind, ())
        print(f"{kind}: p95 {p95(before):.3f} s of {len(before)} in quiet, {p95(waits):.3f} s of {len(waits)} besieged")
    print(f"updates of theirs: {campaign.hostility.sent}; model calls {dict(siege.calls)}, USD {dict(siege.usd)}")
    print(f"MiB: {', '.join(f'{kib / 1024:.0f}' for kib in siege.memory_kib)}")
    print(f"lines of the log: {quiet.lines:,} in quiet, {siege.lines:,} besieged")
    for table, count in sorted(siege.rows.items(), key=lambda item: -siege.sizes.get(item[0], 0)):
        if count or quiet.rows.get(table):
            sizes = f"{quiet.sizes.get(table, 0) / 1024:,.0f} and {siege.sizes.get(table, 0) / 1024:,.0f} KiB"
            print(f"{table}: {quiet.rows.get(table, 0):,} rows in quiet, {count:,} besieged; {sizes}")


def main(
    minutes: Annotated[float, typer.Option(min=0.2, help="How long they try; as long again there is quiet.")] = 10,
    seed: Annotated[int | None, typer.Option(help="Of an earlier campaign, to have the same again.")] = None,
) -> None:
    """Let a few try to spoil it for the others, then look whether those have noticed."""
    end_as_by_ctrl_c()
    seed = random.randrange(2**32) if seed is None else seed
    print(f"seed {seed}")

    def tell(line: str) -> None:
        print(line, flush=True)

    with tempfile.TemporaryDirectory(prefix="polar-abuse-") as folder:
        campaign = asyncio.run(run(Path(folder), seconds=minutes * 60, slice_s=SLICE_S, seed=seed, tell=tell))
        found = campaign.rules_broken()
        if found:
            kept = CHECKOUT / ".bench" / f"abuse-{seed}"
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            print(f"databases and logs are kept in {kept}")
    _report(campaign)
    for line in found:
        print(f"does not hold: {line}")
    if found:
        sys.exit(1)
    print("everything holds")


if __name__ == "__main__":
    typer.run(main)
