"""One writer that commits in groups, a reader that looks up in groups, a few read-only connections beside them."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from storage import memory_index
from storage.answers import settle
from storage.errors import DatabaseClosed, DatabaseLocked, DatabaseLost, DatabaseUnusable, StorageError
from storage.readers import Asking, Readers
from storage.sqlite import opening, own_files
from storage.sqlite.codes import is_fatal_for_reader
from storage.sqlite.file_identity import FileIdentity
from storage.sqlite.group_reader import GroupReader
from storage.sqlite.lock_waits import TRY_MS, when_free
from storage.sqlite.writer import data_version, empty_log, run_batch
from storage.statement import Parameters, Rows, Statement, Unit, UnitRows

log = logging.getLogger("polar.database")

MAX_UNITS = 512
QUESTION_S = 5.0
LOOK_EVERY_S = 1.0
"""The time for which it may go unnoticed that the file was taken away while nothing is committed."""

WaitingUnit = tuple[Unit, asyncio.Future[UnitRows]]


class Database(Readers):
    """The open database. `commit` is the only way to write; `look_up` reads by a key, `fetch` all else."""

    def __init__(
        self,
        path: Path,
        writer: sqlite3.Connection,
        files: FileIdentity,
        lock: int,
        *,
        has_index: bool,
        question_s: float,
    ) -> None:
        super().__init__(path, has_index=has_index)
        self.asking = Asking(path, has_index=has_index, limit_s=question_s, guard=self._reading)
        """For what people ask: it may take long, so it has connections and a limit of its own."""
        self._keyed = GroupReader(path)
        self.lost = asyncio.Event()
        self._writer = writer
        self._files = files
        self._lock = lock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="polar-writer")
        self._units: asyncio.Queue[WaitingUnit | None] = asyncio.Queue()
        self._watchers: list[tuple[str, Callable[[], None]]] = []
        self._version = data_version(writer)
        self._others_wrote = False
        self._failure: StorageError | None = None
        self._waiting_ends: StorageError | None = None
        """The error that ends the waiting for a lock that another program holds."""
        self._task: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, path: Path, *, now_ms: int, question_s: float = QUESTION_S) -> Database:
        """Open the file, creating and migrating it as needed; it is this process's until `close`.

        A lock that another program holds is waited for. Raises DatabaseUnusable (the file is then untouched) and
        DatabaseLocked.
        """

        async def check() -> int:
            return opening.check(path, busy_ms=TRY_MS)

        async def prepare() -> sqlite3.Connection:
            return opening.prepare(path, now_ms, busy_ms=TRY_MS)[0]

        await when_free(path, check)
        lock = _lock(path)
        try:
            opening.tighten(path)
            writer = await when_free(path, prepare)
            files = FileIdentity(path)
        except BaseException:
            os.close(lock)
            raise
        has_index = memory_index.available(writer)
        database = cls(path, writer, files, lock, has_index=has_index, question_s=question_s)
        try:
            await database.add_readers()
            await database.asking.add_readers()
            database._keyed.open()
        except BaseException:
            await database.close()
            raise
        database._task = asyncio.create_task(database._write(), name="database writer")
        return database

    async def commit(self, *statements: Statement) -> UnitRows:
        """Run the statements as one unit, durable when this returns; gives the rows of each, in order.

        A lock that another program holds is waited for, however long. The unit runs even if the caller is cancelled
        meanwhile. Raises ExpectationFailed or sqlite3.Error when the unit is void, DatabaseLost when nothing can be
        written any more.
        """
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if not statements:
            return []
        future: asyncio.Future[UnitRows] = asyncio.get_running_loop().create_future()
        self._units.put_nowait((statements, future))
        return await future

    async def fetch(self, sql: str, params: Parameters = ()) -> Rows:
        """As Readers has it. Raises DatabaseLost, as everything from then on does, when the file fails."""
        with self._reading():
            return await super().fetch(sql, params)

    async def look_up(self, sql: str, params: Parameters = ()) -> Rows:
        """As Readers has it, in one hop with all others that wait. Raises as `fetch` does."""
        with self._reading():
            return await self._keyed.fetch(sql, params)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        if isinstance(self._failure, DatabaseLost):
            raise self._failure.with_traceback(None)
        try:
            yield
        except sqlite3.Error as error:
            if not is_fatal_for_reader(error):
                raise
            self._lose(DatabaseLost(f"{DatabaseLost.__doc__} SQLite says: {error}"))
            raise DatabaseLost(str(self._failure)) from error

    async def until_lost(self) -> None:
        """Look each second whether the file is still there; raises DatabaseLost as soon as anybody has met that."""
        loop = asyncio.get_running_loop()
        while not isinstance(self._failure, DatabaseLost):
            try:
                await loop.run_in_executor(self._thread, self._files.verify)
            except DatabaseLost as error:
                self._lose(error)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self.lost.wait()
        raise self._failure

    async def empty_log(self) -> bool:
        """Cut the log to nothing, behind what was handed over; False where somebody reads from it just now."""
        with self._reading():
            return await asyncio.get_running_loop().run_in_executor(self._thread, empty_log, self._writer)

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
        while (first := await self._units.get()) is not None:
            batch, last = self._gather(first)
            try:
                answers = await self._run([unit for unit, _ in batch])
                self._tell_watchers(batch)
            except Exception as error:  # noqa: BLE001 - whoever waits, now or later, gets it
                self._fail(error if isinstance(error, StorageError) else _unforeseen(error), batch)
                return
            for (_, future), answer in zip(batch, answers, strict=True):
                settle(future, answer)
            if last:
                return

    async def _run(self, units: list[Unit]) -> list[UnitRows | Exception]:
        loop = asyncio.get_running_loop()

        async def attempt() -> list[UnitRows | Exception]:
            if isinstance(self._failure, DatabaseLost):
                raise self._failure
            return await loop.run_in_executor(self._thread, self._commit, units)

        return await when_free(self.path, attempt, ended=lambda: self._waiting_ends)

    def _commit(self, units: list[Unit]) -> list[UnitRows | Exception]:
        """On the writer's thread: nobody is told of a commit into a file that has lost its name."""
        answers = run_batch(self._writer, units)
        self._files.verify()
        version = data_version(self._writer)
        self._others_wrote, self._version = version != self._version, version
        return answers

    def _tell_watchers(self, batch: list[WaitingUnit]) -> None:
        written = {statement.sql for unit, _ in batch for statement in unit}  # few, however many units
        for text, changed in self._watchers:
            if self._others_wrote or any(text in sql for sql in written):
                changed()

    def _gather(self, first: WaitingUnit) -> tuple[list[WaitingUnit], bool]:
        """All units that wait now, and whether the end of the queue was among them."""
        batch = [first]
        while len(batch) < MAX_UNITS and not self._units.empty():
            item = self._units.get_nowait()
            if item is None:
                return batch, True
            batch.append(item)
        return batch, False

    def _fail(self, error: StorageError, batch: list[WaitingUnit]) -> None:
        if isinstance(error, DatabaseLost):
            self._lose(error)
        while not self._units.empty():
            item = self._units.get_nowait()
            if item is not None:
                batch.append(item)
        for _, future in batch:
            settle(future, error)

    async def close(self, lock_s: float = 0) -> None:
        """Commit what was handed over, then close every connection and release the lock; again, it does nothing.

        A lock that another program holds is waited for `lock_s` seconds; who then waits still gets DatabaseClosed.
        """
        if self._lock < 0:
            return
        if self._failure is None:
            self._failure = DatabaseClosed()
        if self._task is not None:
            await self._drain(self._task, lock_s)
            self._task = None
        await self._close_connections()
        self._thread.shutdown()
        os.close(self._lock)
        self._lock = -1

    async def _close_connections(self) -> None:
        loop = asyncio.get_running_loop()

        async def close_writer() -> None:
            await loop.run_in_executor(self._thread, self._writer.close)

        # The last to go, if it may write, folds the log in and deletes it by its name. Where another file has that
        # name, a reader goes last, which can do neither.
        order = [self.asking.close, self._keyed.close, super().close]
        order.insert(0 if self._files.has_foreign_log else len(order), close_writer)
        for close in order:
            await close()
        if (aside := self._files.set_log_aside()) is not None:
            log.error("%s holds the last commits of the file that was at %s", aside, self.path)

    async def _drain(self, task: asyncio.Task[None], lock_s: float) -> None:
        def give_up() -> None:
            self._waiting_ends = DatabaseClosed("the database was closed while another program held its lock")

        timer = asyncio.get_running_loop().call_later(lock_s, give_up)
        self._units.put_nowait(None)
        await task
        timer.cancel()


def _unforeseen(error: Exception) -> DatabaseLost:
    lost = DatabaseLost(f"the writer failed: {type(error).__name__}: {error}")
    lost.__cause__ = error
    return lost


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the database's lock without opening it here; raises DatabaseLocked."""
    lock = _lock(path)
    try:
        yield
    finally:
        os.close(lock)


def _lock(path: Path) -> int:
    """Take the lock file beside the database; the kernel gives it back when the process ends."""
    beside = own_files.beside(path, own_files.LOCK)
    try:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DatabaseUnusable(
            f"the lock file {beside} cannot be opened ({error.strerror}); "
            "give it to this user, or change POLAR_DATABASE"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise DatabaseLocked(
            f"another Polar process runs on {path}; stop it first, or name another file in POLAR_DATABASE"
        ) from None
    return descriptor
