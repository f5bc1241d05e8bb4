"""`make faults`: random faults on the real application, then what must hold all the same.

A child process `polar run` with a real file, against an embedded Telegram and a model's server on loopback. Exit status
1 with the rules that do not hold.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from emulator import Server
from emulator.model import ModelServer
from storage.sqlite import opening
from storage.sqlite.writer import run_batch
from storage.tables.budgets import BudgetPolicy, Budgets
from tests.campaigns import INSIDE, end_as_by_ctrl_c
from tests.campaigns.comparing import differences
from tests.campaigns.crowd import Crowd
from tests.campaigns.invariants import Seen, violations
from tests.campaigns.keeper import Keeper, Unwell
from tests.campaigns.telegram import EchoModel, Telegram
from tests.campaigns.troubles import Troubles
from tests.house import CHECKOUT, House, until
from tests.looking import MARK
from tests.model import PRICED, to_model

CALM_IN_S = 180.0
LATER_S = 3600
"""By how much the clock is ahead for the last bot, so that what waits for its next try is tried."""
STOPS = 10
DISK = "size=256m"
OPEN = (
    "SELECT (SELECT count(*) FROM polar_updates WHERE status = 'pending') + "
    "(SELECT count(*) FROM polar_delivery_queue WHERE status IN ('pending', 'sending')) + "
    "(SELECT count(*) FROM polar_scheduler_events WHERE queue = 'retry')"
)
LIMIT_USD = 1e6
INSIDE_NAMESPACE = "CAMPAIGN_DISK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A campaign: for how long, by which seed, with which troubles (all if none are named), where."""

    seconds: float
    seed: int
    folder: Path
    only: tuple[str, ...] = ()
    has_own_disk: bool = False

    @property
    def is_repeatable(self) -> bool:
        """Whether a quiet run of the same stream must leave the same rows."""
        return self.only == ("kills",)


class Campaign:
    """One Telegram, one model, one file, and the bots that are started on it one after another."""

    def __init__(self, plan: Plan, house: House, world: Telegram, model: ModelServer, tell: Callable[[str], None]):
        self.plan, self.house, self.world, self.tell = plan, house, world, tell
        self.model = model.model
        assert isinstance(self.model, EchoModel)
        self.echo = self.model
        self.crowd = Crowd(house, world, plan.seed, repeatable=plan.is_repeatable)
        often = {"min_model_interval_minutes": 0}
        settings: dict[str, Any] = to_model(model, middleware=(INSIDE,), feedback_buttons="private", **PRICED, **often)
        self.keeper = Keeper(house, settings, tell)

    async def begin(self) -> None:
        """A bot runs, everybody has begun."""
        self._allow()
        await self.keeper.start()
        await self.crowd.settle_in()

    def _allow(self) -> None:
        """A budget for all and one for each person, none of which is ever used up."""
        connection, _ = opening.prepare(self.house.path, 1)
        with closing(connection):
            policies = [BudgetPolicy(scope="global", target_id="", limit_usd=LIMIT_USD)]
            for citizen in self.crowd.citizens:
                policies.append(BudgetPolicy(scope="user", target_id=str(citizen.person.id), limit_usd=LIMIT_USD))
            run_batch(connection, [Budgets.set(policy, now_ms=1) for policy in policies])

    async def trouble(self) -> None:
        """People go on with their lives while one thing after another goes wrong."""
        chance = random.Random(self.plan.seed + 1)
        server = self.house.server
        kinds = Troubles(self.keeper, server, self.echo, chance, has_own_disk=self.plan.has_own_disk).kinds
        names = self.plan.only or tuple(kinds)
        walking = asyncio.create_task(self.crowd.walk())
        began_s = asyncio.get_running_loop().time()
        try:
            while (now_s := asyncio.get_running_loop().time() - began_s) < self.plan.seconds and not walking.done():
                await asyncio.sleep(chance.uniform(0, 1.5))
                name = chance.choice(names)
                self.tell(f"{now_s:7.1f} {name}")
                self.tell(f"{now_s:7.1f} {name}: {await kinds[name]()}")
                await self.keeper.mend()
        finally:
            walking.cancel()
            await asyncio.wait([walking])  # which, unlike the walk itself, does not hide that we are cancelled too
        if not walking.cancelled():
            walking.result()

    async def calm(self) -> None:
        """Nothing goes wrong any more; what is left is done, and the bot stops with nothing in hand. Raises Unwell."""
        self.tell("nothing goes wrong any more")
        self.world.clear_faults()
        await self.crowd.part()
        await self.keeper.stop()
        self.keeper.offset_s += LATER_S
        for _ in range(STOPS):
            await self.keeper.start()
            await self._idle()
            self.tell("at rest")
            await self.keeper.stop()
            if self.house.rows(OPEN) == [(0,)]:
                return
        raise Unwell(f"it never stops with nothing open: {self.house.rows(OPEN)} left")

    async def _idle(self) -> None:
        def is_idle() -> bool:
            return self.world.updates_pending() == 0 and self.house.rows(OPEN) == [(0,)]

        try:
            await until(is_idle, timeout_s=CALM_IN_S)
        except TimeoutError:
            left = (self.world.updates_pending(), self.house.rows(OPEN))
            raise Unwell(f"it never comes to rest: at Telegram, and open rows: {left}") from None

    def seen(self) -> Seen:
        """What the world knows by now."""
        whole_usd, torn_usd = self.echo.bill()
        return Seen(
            path=self.house.path,
            told=self.world.told,
            arrivals=self.world.arrivals(),
            leavers=frozenset(citizen.person.id for citizen in self.crowd.citizens if citizen.is_leaver),
            erased=tuple(self.crowd.erased),
            steady=tuple(citizen.steady_job for citizen in self.crowd.citizens if not citizen.is_leaver),
            whole_usd=whole_usd,
            most_usd=whole_usd + torn_usd + self.keeper.left_usd,
            unforeseen=self.keeper.unforeseen,
        )


async def run(plan: Plan, tell: Callable[[str], None]) -> list[str]:
    """A whole campaign; the rules that do not hold."""
    world, model = Telegram(), ModelServer(EchoModel())
    async with Server(world) as server, model:
        house = House(world=world, server=server, folder=plan.folder)
        campaign = Campaign(plan, house, world, model, tell)
        async with campaign.keeper:
            try:
                await campaign.begin()
                await campaign.trouble()
                await campaign.calm()
            except Unwell as error:
                campaign.keeper.unforeseen.append(str(error))
        arrivals = world.arrivals()
        marked = sum(one.text.startswith(MARK) for one in arrivals)
        tell(
            f"{len(world.told):,} updates, {campaign.keeper.starts} starts, "
            f"{len(arrivals):,} messages arrived, {marked} of them marked, {len(campaign.crowd.erased)} erasures"
        )
        found = violations(campaign.seen())
    if plan.is_repeatable and not campaign.keeper.unforeseen:
        tell("the same stream, and nobody kills")
        found += await _compare(plan, campaign, tell)
    return found


async def _compare(plan: Plan, killed: Campaign, tell: Callable[[str], None]) -> list[str]:
    world, model = Telegram(), ModelServer(EchoModel())
    folder = plan.folder / "quiet"
    folder.mkdir()
    async with Server(world) as server, model:
        quiet = Campaign(plan, House(world=world, server=server, folder=folder), world, model, tell)
        async with quiet.keeper:
            await quiet.begin()
            quiet.crowd.step(killed.crowd.acts)
            await quiet.calm()
    return differences(killed.house, quiet.house)


def own_disk() -> Path | None:
    """A small file system of this process and its children alone, where there is one; else None."""
    place = os.environ.get(INSIDE_NAMESPACE)
    return Path(place) if place else None


def _enter_own_disk() -> None:
    """Become the same program with a small disk, if the machine lets us."""
    can_mount = 'mount -t tmpfs -o "$1" tmpfs "$2"'
    unshare = shutil.which("unshare")
    if own_disk() is not None or unshare is None:
        return
    place = tempfile.mkdtemp(prefix="polar-faults-")
    wrapped = [unshare, "-rm", "sh", "-c"]
    tried = subprocess.run([*wrapped, can_mount, "sh", DISK, place], capture_output=True, check=False)
    if tried.returncode == 0:
        os.environ[INSIDE_NAMESPACE] = place
        command = [sys.executable, "-m", "tests.campaigns.faults", *sys.argv[1:]]
        os.chdir(CHECKOUT)
        os.execv(unshare, [*wrapped, f'{can_mount} && shift 2 && exec "$@"', "sh", DISK, place, *command])  # noqa: S606 - us again
    Path(place).rmdir()


def main(
    minutes: Annotated[float, typer.Option(min=0.05, help="How long things go wrong.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Of an earlier campaign, to have the same again.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="A kind of trouble; may be given several times.")] = None,
) -> None:
    """Let everything go wrong at random, then look whether what is promised holds."""
    _enter_own_disk()
    end_as_by_ctrl_c()
    seed = random.randrange(2**32) if seed is None else seed
    disk = own_disk()
    print(f"seed {seed}; {'a small disk of our own' if disk else 'no disk of our own: files are kept from growing'}")
    with tempfile.TemporaryDirectory(prefix="polar-faults-") as temporary:
        folder = disk or Path(temporary)
        plan = Plan(
            seconds=minutes * 60, seed=seed, folder=folder, only=tuple(only or ()), has_own_disk=disk is not None
        )
        found = asyncio.run(run(plan, lambda line: print(line, flush=True)))
        if found:
            kept = CHECKOUT / ".bench" / f"faults-{seed}"
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            print(f"database and log are kept in {kept}")
    for line in found:
        print(f"does not hold: {line}")
    if found:
        raise typer.Exit(1)
    print("everything holds")


if __name__ == "__main__":
    typer.run(main)
