"""One writer that commits in groups, a reader that looks up in groups, a few read-only connections beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from storage.answers import settle
from storage.attendance import StandBy
from storage.engine import Engine
from storage.engines import open_engine
from storage.errors import DatabaseClosed, DatabaseLost, StorageError
from storage.location import Location
from storage.lock_waits import when_free
from storage.readers import OwnReaders, Readers, Room
from storage.statement import Parameters, Rows, Statement, Unit, UnitRows
from storage.waiting import WaitingUnit, WaitingUnits

QUESTION_S = 5.0
LOOK_EVERY_S = 1.0
"""The time for which it may go unnoticed that the file was taken away while nothing is committed."""
COMMIT_S = 5.0
"""The time that a commit under way may take when nobody waits for locks any more."""


class Database(OwnReaders):
    """The open database. `commit` is the only way to write; `look_up` reads by a key, `fetch` all else."""

    def __init__(self, engine: Engine) -> None:
        self.label = engine.label
        """What it is called by in messages."""
        self.has_memory_index = engine.readers.has_memory_index
        self._reading = _Reading(self._raise_lost, self._lose)
        self.asking = _Asking(engine.asking, self._reading)
        self.lost = asyncio.Event()
        self._engine = engine
        self._look_up = engine.look_up
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="polar-writer")
        self._units = WaitingUnits()
        self._watchers: list[tuple[str, Callable[[], None]]] = []
        self._others_wrote = False
        self._is_closed = False
        self._failure: StorageError | None = None
        self._waiting_ends: StorageError | None = None
        """The error that ends the waiting for a lock that another program holds."""
        self._task = asyncio.create_task(self._write(), name="database writer")

    @classmethod
    async def open(
        cls, location: Location, *, now_ms: int, question_s: float = QUESTION_S, stand_by: StandBy | None = None
    ) -> Database:
        """Open it, creating and migrating it as needed; it is this process's until `close`.

        A lock that another program holds is waited for; another bot's process is only where there can be standbys and
        `stand_by` is there to be told. Raises DatabaseUnusable (it is then untouched) and DatabaseLocked.
        """
        return cls(await open_engine(location, now_ms=now_ms, question_s=question_s, stand_by=stand_by))

    async def commit(self, *statements: Statement, ahead: bool = False) -> UnitRows:
        """Run the statements as one unit, durable when this returns; gives the rows of each, in order.

        One that is `ahead` may be committed before others that wait already: what it does must not depend on them. A
        lock that another program holds is waited for, however long. The unit runs even if the caller is cancelled
        meanwhile. Raises ExpectationFailed or StatementFailed when the unit is void, DatabaseLost when nothing can
        be written any more.
        """
        return await self.submit(*statements, ahead=ahead)

    def submit(self, *statements: Statement, ahead: bool = False) -> asyncio.Future[UnitRows]:
        """Hand one unit over, before all that is handed over later; as `commit`, for whoever waits for it later."""
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        future: asyncio.Future[UnitRows] = asyncio.get_running_loop().create_future()
        if statements:
            self._units.put((statements, future), ahead=ahead)
        else:
            future.set_result([])
        return future

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """As Readers has it. Raises DatabaseLost, as everything from then on does, when the database fails."""
        with self._reading:
            return await self._engine.readers.fetch(sql, params)

    async def look_up(self, sql: str, params: Parameters = ()) -> Rows:
        """As Readers has it, in one hop with all others that wait. Raises as `fetch` does."""
        with self._reading:
            return await self._look_up(sql, params)

    async def room(self) -> Room:
        """As Readers has it."""
        with self._reading:
            return await self._engine.readers.room()

    async def until_lost(self) -> None:
        """Look each second whether the file is still there; raises DatabaseLost as soon as anybody has met that."""
        loop = asyncio.get_running_loop()
        while not isinstance(self._failure, DatabaseLost):
            try:
                await loop.run_in_executor(self._thread, self._engine.verify)
            except DatabaseLost as error:
                self._lose(error)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self.lost.wait()
        raise self._failure

    def check_held(self) -> None:
        """Raise DatabaseLost where another process may have it by now; to be asked before what cannot be undone."""
        self._raise_lost()
        if not self._engine.is_held():
            self._lose(DatabaseLost(f"{DatabaseLost.__doc__} another process may have taken over"))
            self._raise_lost()

    async def empty_log(self) -> bool:
        """Cut the log to nothing, behind what was handed over; False where somebody reads from it just now."""
        with self._reading:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._engine.empty_log)

    def _raise_lost(self) -> None:
        if isinstance(self._failure, DatabaseLost):
            raise self._failure.with_traceback(None)

    def _lose(self, error: DatabaseLost) -> None:
        """From now on this is what everybody gets, whoever waits for the lock of another program too."""
        if not isinstance(self._failure, DatabaseLost):
            self._failure = self._waiting_ends = error
        self.lost.set()

    def watch(self, written: str, changed: Callable[[], None]) -> None:
        """Call `changed` after each commit with such a statement, say with a table's name, before its callers go on.

        And after the first commit that follows one of another program's, which may have changed anything.
        """
        self._watchers.append((written, changed))

    async def _write(self) -> None:
        while batch := await self._units.take():
            try:
                answers = await self._run([unit for unit, _ in batch])
                self._tell_watchers(batch)
            except Exception as error:  # noqa: BLE001 - whoever waits, now or later, gets it
                self._fail(error if isinstance(error, StorageError) else _unforeseen(error), batch)
                return
            for (_, future), answer in zip(batch, answers, strict=True):
                settle(future, answer)

    async def _run(self, units: list[Unit]) -> list[UnitRows | Exception]:
        loop = asyncio.get_running_loop()

        async def attempt() -> list[UnitRows | Exception]:
            if isinstance(self._failure, DatabaseLost):
                raise self._failure
            return await loop.run_in_executor(self._thread, self._commit, units)

        return await when_free(self.label, attempt, ended=lambda: self._waiting_ends)

    def _commit(self, units: list[Unit]) -> list[UnitRows | Exception]:
        """On the writer's thread: nobody is told of a commit into what is the database no more."""
        answers = self._engine.run_batch(units)
        self._engine.verify()
        self._others_wrote = self._engine.others_wrote()
        return answers

    def _tell_watchers(self, batch: list[WaitingUnit]) -> None:
        written = {statement.sql for unit, _ in batch for statement in unit}  # few, however many units
        for text, changed in self._watchers:
            if self._others_wrote or any(text in sql for sql in written):
                changed()

    def _fail(self, error: StorageError, batch: list[WaitingUnit]) -> None:
        if isinstance(error, DatabaseLost):
            self._lose(error)
        for _, future in (*batch, *self._units.take_all()):
            settle(future, error)

    async def close(self, lock_s: float = 0) -> None:
        """Commit what was handed over, then close every connection and release the lock; again, it does nothing.

        A lock that another program holds is waited for `lock_s` seconds; who then waits still gets DatabaseClosed.
        Who still waits for a commit COMMIT_S later gets DatabaseLost.
        """
        if self._is_closed:
            return
        if self._failure is None:
            self._failure = DatabaseClosed()
        await self._drain(lock_s)
        await self._engine.close(self._thread)
        self._thread.shutdown()
        self._is_closed = True

    async def _drain(self, lock_s: float) -> None:
        def give_up() -> None:
            self._waiting_ends = DatabaseClosed("the database was closed while another program held its lock")

        loop = asyncio.get_running_loop()
        timers = loop.call_later(lock_s, give_up), loop.call_later(lock_s + COMMIT_S, self._engine.abandon)
        self._units.end()
        await self._task
        for timer in timers:
            timer.cancel()


class _Reading:
    """Around each reading, however many at once: it is refused once the database is lost, and loses it by failing so.

    A class, as each read would pay three calls more for a generator's context.
    """

    def __init__(self, check: Callable[[], None], lose: Callable[[DatabaseLost], None]) -> None:
        self._check = check
        self._lose = lose

    def __enter__(self) -> None:
        self._check()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DatabaseLost):
            self._lose(error)


class _Asking(Readers):
    """The engine's, told as a reading of the database that it is."""

    def __init__(self, readers: Readers, reading: _Reading) -> None:
        self.has_memory_index = readers.has_memory_index
        self._readers = readers
        self._reading = reading

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """As Readers has it. Raises QuestionTooLong, and as the database does."""
        with self._reading:
            return await self._readers.fetch(sql, params)

    async def room(self) -> Room:
        """As Readers has it."""
        with self._reading:
            return await self._readers.room()

    async def close(self) -> None:
        """Done by the database."""


def _unforeseen(error: Exception) -> DatabaseLost:
    lost = DatabaseLost(f"the writer failed: {type(error).__name__}: {error}")
    lost.__cause__ = error
    return lost
