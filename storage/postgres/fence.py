"""Who may write as the bot: one process has the lease, a row, and renews it; any number stand by to take it over.

The server's clock decides when a lease is over. An advisory lock, held by the connection that renews it, tells the end
of a process at once. Whoever takes the lease first ends the connections that are named after its former holder: one
that was frozen within a transaction would keep the row for ever.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg
from psycopg import sql

from storage.attendance import StandBy, Worker
from storage.errors import DatabaseLocked, DatabaseLost
from storage.location import ServerUrl
from storage.postgres import connections, lease
from storage.postgres.codes import is_end, lost
from storage.postgres.rows import AsyncServerConnection, NamedRow
from storage.statement import Statement

log = logging.getLogger("polar.database")

LEASE_S = 5.0
"""For so long nobody else takes over from a process that nothing is heard of, though its connection stands."""
RENEW_S = 1.0
TRY_S = 0.25
"""How often who stands by looks. A query that waited for the lock would keep the server from ever tidying up."""
GONE_S = 2.0
"""The time that the server may take to see that a process was killed."""
AGAIN_S = 1.0
"""Between two tries to reach a server that is away, of who stands by."""
_TAKEN = "another process has taken over, as this one was not heard of in time"
_OVER = f"its lease was not renewed for {LEASE_S:g} s: another process may have taken over"


class Fence:
    """The lease that this process has taken. `guard` finds its row, and keeps it from others until a commit."""

    def __init__(self, link: AsyncServerConnection, worker_id: str, asked_s: float) -> None:
        self.worker_id = worker_id
        self.guard = Statement("SELECT 1 FROM polar_workers WHERE workerId = ? FOR KEY SHARE", (worker_id,))
        self.failure: DatabaseLost | None = None
        self.on_loss: list[Callable[[], None]] = [lambda: connections.sever(link)]
        """Called once, on the event loop: whoever waits for the server is to wait no longer."""
        self._link = link
        self._until_s = asked_s + LEASE_S
        self._timer: asyncio.TimerHandle | None = None
        self._set_timer()
        self._task = asyncio.create_task(self._keep(), name="the lease")

    @classmethod
    async def take(cls, url: ServerUrl, stand_by: StandBy | None) -> Fence:
        """Wait until nobody else has it, telling for whom; without `stand_by` that is refused by DatabaseLocked.

        Raises psycopg.Error, but who may stand by, and has reached the server once, waits for that, too.
        """
        worker_id = new_worker_id()
        began_s, told = now_s(), False
        waited_for: Worker | None = None
        link = await _connect(url, worker_id)
        try:
            while True:
                try:
                    holder = await _try_to_take(link, worker_id)
                except psycopg.Error as error:
                    if stand_by is None or not is_end(error):
                        raise
                    worker_id = new_worker_id()  # what the former connection has begun is none of ours
                    link = await _connect_again(link, url, worker_id)
                    continue
                if holder is not None and holder.name == worker_id:
                    return await cls._taken(link, worker_id, waited_for)
                if now_s() - began_s > GONE_S and (not told or holder not in (None, waited_for)):
                    _tell(url, holder, stand_by)
                    told, waited_for = True, holder
                await asyncio.sleep(TRY_S)
        except BaseException:
            await link.close()
            raise

    @classmethod
    async def _taken(cls, link: AsyncServerConnection, worker_id: str, before: Worker | None) -> Fence:
        # To be renewed need not be known to a replica: its copy is only over the sooner.
        await link.execute("SET synchronous_commit = local")
        # The commit of taking it may have waited for a replica for longer than it lasts.
        asked_s = now_s()
        await link.execute(lease.RENEW, (LEASE_S, worker_id))
        if before is not None:
            log.warning("this process has taken over from %s, and is active", before.name)
        return cls(link, worker_id, asked_s)

    @property
    def is_held(self) -> bool:
        """True if nobody else can have taken it over by now, by our own clock."""
        return self.failure is None and now_s() < self._until_s

    async def _keep(self) -> None:
        """Renew it until it is lost. On the event loop: where that stands still, others shall take over."""
        try:
            while True:
                await asyncio.sleep(RENEW_S)
                asked_s = now_s()
                if (await self._link.execute(lease.RENEW, (LEASE_S, self.worker_id))).rowcount == 0:
                    raise DatabaseLost(f"{DatabaseLost.__doc__} {_TAKEN}")
                self._until_s = asked_s + LEASE_S
                self._set_timer()
        except DatabaseLost as error:
            self._lose(error)
        except psycopg.Error as error:
            self._lose(lost(error))

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._until_s - now_s(), self._expire)

    def _expire(self) -> None:
        self._lose(DatabaseLost(f"{DatabaseLost.__doc__} {_OVER}"))

    def _lose(self, error: DatabaseLost) -> None:
        if self.failure is None:
            self.failure = error
            for call in self.on_loss:
                call()

    def abandon(self) -> None:
        """Lose it at once: who still waits for the server is to wait no longer."""
        self._lose(DatabaseLost(f"{DatabaseLost.__doc__} the server has not answered in time"))

    async def close(self) -> None:
        """Give the lease back, and close its connection: who stands by goes on at once."""
        if self._timer is not None:
            self._timer.cancel()
        self._task.cancel()
        await asyncio.wait([self._task])
        with suppress(psycopg.Error):
            if self.failure is None:
                await self._link.execute(lease.GIVE_BACK, (self.worker_id,))
        await self._link.close()


def new_worker_id() -> str:
    """The machine, the process, and what no other process has; it fits into a connection's name."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:30]
    return f"{host}/{os.getpid()}/{secrets.token_hex(3)}"


def now_s() -> float:
    """The seconds of a clock that nobody sets, the time for which the machine sleeps included where it is told."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


async def _connect(url: ServerUrl, worker_id: str) -> AsyncServerConnection:
    link = await connections.connect_of_loop(url, f"{lease.STANDBY}{worker_id}")
    try:
        row = await (await link.execute(lease.IS_THERE)).fetchone()
        if row is None or not row[0]:
            await link.execute(lease.MAKE)
    except BaseException:
        await link.close()
        raise
    return link


async def _connect_again(link: AsyncServerConnection, url: ServerUrl, worker_id: str) -> AsyncServerConnection:
    await link.close()
    log.warning("%s is away; this process stands by until it answers", url)
    while True:
        await asyncio.sleep(AGAIN_S)
        with suppress(psycopg.OperationalError):
            return await _connect(url, worker_id)


async def _try_to_take(link: AsyncServerConnection, worker_id: str) -> Worker | None:
    """Who has it then, which may be us; None where nobody does who is a bot."""
    await link.execute(lease.TAKE.format(me=sql.Literal(worker_id), lease=sql.Literal(LEASE_S)))
    row: NamedRow | None = await (await link.execute(lease.HOLDER)).fetchone()
    return None if row is None else Worker(name=row[0], since_ms=row[1])


def _tell(url: ServerUrl, holder: Worker | None, stand_by: StandBy | None) -> None:
    if stand_by is None:
        raise DatabaseLocked(
            f"another Polar process runs on {url}; stop it first, or name another database in POLAR_DATABASE"
        )
    stand_by(holder)
