"""Who owns what runs on: a task that ends by itself, in whatever way, ends the process with its reason."""

from __future__ import annotations

import asyncio
import logging
import os
import traceback
from collections.abc import Awaitable, Callable, Collection, Container, Coroutine, Iterator
from typing import Any, Generic, TypeVar

from bot import home
from bot.errors import BotError
from storage.errors import StatementFailed, StorageError

log = logging.getLogger("polar")

Key = TypeVar("Key")
Result = TypeVar("Result")

SWALLOWED_S = 1.0
"""The time that a task may take to tidy up before it is cancelled once more."""


class Ended(BotError):
    """A task has ended, though it must never end; `error` is what ended it, if anything was raised."""

    def __init__(self, name: str, error: BaseException | None = None) -> None:
        super().__init__(f"{name} has ended, though it must never end" if error is None else _told(name, error))
        self.error = error


def _told(name: str, error: BaseException) -> str:
    """In one line: what was raised, and where. What it says may be a person's words, unless the database says it."""
    is_databases = isinstance(error, StatementFailed)
    kind, words = (type(error.__cause__ or error), f": {error}") if is_databases else (type(error), "")
    places = [f" ({_relative(frame.filename)}:{frame.lineno})" for frame in traceback.extract_tb(error.__traceback__)]
    ours = [place for place in places if place[2:].partition(os.sep)[0] in home.PACKAGES]
    return f"{name} has failed by {kind.__name__}{words}{ours[-1] if ours else ''}"


def _relative(filename: str) -> str:
    return filename.removeprefix(f"{home.ROOT}{os.sep}")


class Supervisor:
    """The one owner of long-lived tasks, the first of which that ends sets `failure`.

    There is no half-alive bot: whoever runs it waits for `failure`, and stops everything. The failure is an error of
    ours, which says what happened: Ended where something was raised that nobody thought of.
    """

    def __init__(self) -> None:
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._groups: list[Tasks[Any]] = []
        self._is_stopping = False

    @property
    def has_failed(self) -> bool:
        """True if there is a reason to end."""
        return self.failure.done() and not self.failure.cancelled()

    def keep(self, work: Coroutine[Any, Any, Any], *, name: str) -> None:
        """Run this until `stop`; that it returns is as much of a failure as an exception."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def group(self) -> Tasks[Any]:
        """A group of short-lived tasks; what one of them raises is the failure of the whole."""
        group: Tasks[Any] = Tasks(self._failed)
        self._groups.append(group)
        return group

    async def meanwhile(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The result of this work, unless what is kept fails before it is done: then that is raised."""
        task = asyncio.create_task(work)
        try:
            await asyncio.wait((task, self.failure), return_when=asyncio.FIRST_COMPLETED)
            if self.failure.done():
                self.failure.result()
            return task.result()
        finally:
            await end([task])

    def fail(self, error: BotError | StorageError) -> None:
        """End the process for this reason, if there is none yet."""
        if not self._is_stopping and not self.failure.done():
            self.failure.set_exception(error)

    def _failed(self, name: str, error: BaseException | None) -> None:
        if isinstance(error, BotError | StorageError) and not isinstance(error, StatementFailed):
            self.fail(error)
            return
        if error is not None and not self._is_stopping:
            log.critical("%s has failed, which is the end of the process", name, exc_info=error)
        self.fail(Ended(name, error))

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._failed(task.get_name(), None if task.cancelled() else task.exception())

    async def stop(self) -> None:
        """End all tasks, at once; from now on nothing is a failure any more."""
        self._is_stopping = True
        for group in self._groups:
            await group.end()
        await end(set(self._tasks))
        if self.has_failed:
            self.failure.exception()  # said already, or about to be; not a second time by asyncio


class Tasks(Generic[Key]):
    """Short-lived tasks of one part, at most one a key, which is free again when its task has done its last step."""

    def __init__(self, failed: Callable[[str, BaseException], None]) -> None:
        self._failed = failed
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._tasks)

    def start(
        self,
        key: Key,
        work: Callable[[], Awaitable[Result]],
        *,
        name: str,
        then: Callable[[Result], object] | None = None,
    ) -> None:
        """Begin the work of a key that has none; `then` is told what it returned."""
        assert key not in self._tasks, f"{name} is at work already"
        self._tasks[key] = asyncio.create_task(self._run(key, work, then, name), name=name)

    async def _run(
        self, key: Key, work: Callable[[], Awaitable[Result]], then: Callable[[Result], object] | None, name: str
    ) -> None:
        try:
            result = await work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the end of the process
            self._failed(name, error)
            return
        finally:
            self._tasks.pop(key, None)
        if then is not None:
            then(result)

    def cancel(self, *, but: Container[Key]) -> None:
        """Cancel the tasks of all other keys."""
        for key, task in self._tasks.items():
            if key not in but:
                task.cancel()

    async def end(self, timeout_s: float = 0) -> None:
        """Give the tasks that are at work `timeout_s` seconds, then cancel them."""
        tasks = set(self._tasks.values())
        if tasks and timeout_s > 0:
            await asyncio.wait(tasks, timeout=timeout_s)
        await end(tasks)
        self._tasks.clear()


async def end(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancel these until their last step is done; again and again, as a library may swallow a cancellation."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=SWALLOWED_S)
    await asyncio.gather(*tasks, return_exceptions=True)
