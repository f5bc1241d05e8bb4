"""Two machines with a bot each on one PostgreSQL: each has a network of its own, and somebody who starts it again."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from tests import cluster
from tests.campaigns.network import Network
from tests.forks import loaded
from tests.house import House, until
from tests.killing import Process
from tests.responders import ECHO

AGAIN_S = 0.3
"""After which a service manager starts what has ended."""
WELL_IN_S = 120.0
_ACTIVE = "SELECT workerId FROM polar.polar_workers"
_STANDBYS = "SELECT application_name FROM pg_stat_activity WHERE application_name LIKE 'polar standby %'"
_OPEN = """
SELECT 'an update is ' || status FROM polar.polar_updates WHERE status <> 'done'
UNION ALL SELECT 'a delivery is ' || status || ': ' || coalesce(reason, '') FROM polar.polar_delivery_queue
WHERE status <> 'sent'
"""
_REACTIONS = "SELECT count(*) FROM polar.polar_feedback_events WHERE type = 'reaction_added'"


class Machine:
    """One bot, started again whenever it ends."""

    def __init__(self, house: House, name: str, network: Network, url: str) -> None:
        self._house, self._name, self.network = house, name, network
        self._url = url
        self._process: Process | None = None
        self.ends: list[int] = []

    @property
    def pid(self) -> int | None:
        """Of the process that runs there."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def run(self) -> None:
        """Forever."""
        while True:
            variables = self._house.environment(database=self._url, responder=ECHO)
            self._process = loaded().fork(variables, self._house.folder / f"{self._name}.log")
            self.ends.append(await self._process.wait())
            await asyncio.sleep(AGAIN_S)

    def kill(self) -> None:
        """Without a word."""
        self._signal(signal.SIGKILL)

    async def freeze(self, seconds: float) -> None:
        """It does nothing for so long, and knows nothing of it."""
        pid = self.pid
        self._signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        if self.pid == pid:
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self.pid is not None:
            os.kill(self.pid, number)

    async def end(self) -> None:
        """No more."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


class Pair:
    """The two, and what their database holds."""

    def __init__(self, house: House, url: str, data: Path) -> None:
        self.house = house
        self._url, self._data = url, data
        self._port = int(url.rpartition(":")[2].partition("/")[0])
        self.machines: list[Machine] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._networks: list[Network] = []
        self._link: psycopg.Connection[Any] | None = None

    @property
    def unforeseen(self) -> list[str]:
        """Ends that no fault explains: one that was killed has -9, one that lost its database 1."""
        ends = {end for machine in self.machines for end in machine.ends}
        return [f"a bot ended with status {end}" for end in sorted(ends - {1, -signal.SIGKILL})]

    async def __aenter__(self) -> Self:
        for name in ("alpha", "beta"):
            network = await Network(self._port).__aenter__()
            self._networks.append(network)
            url = self._url.replace(f":{self._port}/", f":{network.port}/")
            self.machines.append(Machine(self.house, name, network, url))
        self._tasks = [asyncio.create_task(machine.run()) for machine in self.machines]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        for machine in self.machines:
            await machine.end()
        for network in self._networks:
            await network.__aexit__(kind, error, trace)
        if self._link is not None:
            self._link.close()

    def active(self) -> str:
        """The worker that is active, '' for none, also while the server is away."""
        rows = self._rows(_ACTIVE)
        return str(rows[0][0]) if rows else ""

    def machine_of(self, worker: str) -> Machine:
        """Where this worker runs."""
        [machine] = [each for each in self.machines if str(each.pid) == worker.split("/")[1]]
        return machine

    async def both_well(self) -> None:
        """Wait until one is active and the other one stands by."""

        def are() -> bool:
            active = self.active()
            pids = {str(each.pid) for each in self.machines}
            standing = {str(row[0]).split("/")[1] for row in self._rows(_STANDBYS)}
            return active != "" and pids == {active.split("/")[1], *standing}

        await until(are, timeout_s=WELL_IN_S)

    def left_open(self) -> list[str]:
        """What waits, or was set aside."""
        return [str(row[0]) for row in self._rows(_OPEN)]

    def reactions(self) -> int:
        """How many the ledger holds."""
        return int(self._rows(_REACTIONS)[0][0])

    async def restart_server(self) -> None:
        """As its administrator does, who waits for nobody."""
        home = cluster.programs()
        assert home is not None
        stopping = await asyncio.create_subprocess_exec(
            *(str(home / "pg_ctl"), "restart", "-w", "-D", str(self._data), "-m", "fast"),
            user="nobody" if os.geteuid() == 0 else None,
            cwd="/",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await stopping.wait()

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        try:
            if self._link is None or self._link.closed:
                self._link = psycopg.connect(self._url, autocommit=True, connect_timeout=5)
            return self._link.execute(sql.encode()).fetchall()
        except (psycopg.OperationalError, psycopg.errors.UndefinedTable):
            return []
