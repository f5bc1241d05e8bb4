"""Who owns what runs on: a task that ends by itself, in whatever way, ends the process with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

from bot.errors import BotError

Key = TypeVar("Key")
Result = TypeVar("Result")


class Ended(BotError):
    """A task that must never end has ended."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has ended, though it must never end")


class Supervisor:
    """The one owner of long-lived tasks, the first of which that ends sets `failure`.

    There is no half-alive bot: whoever runs it waits for `failure`, and stops everything.
    """

    def __init__(self) -> None:
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_stopping = False

    def keep(self, work: Coroutine[Any, Any, Any], *, name: str) -> None:
        """Run this until `stop`; that it returns is as much of a failure as an exception."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def group(self) -> Tasks[Any]:
        """A group of short-lived tasks; what one of them raises is the failure of the whole."""
        return Tasks(self.fail)

    def fail(self, error: BaseException) -> None:
        """End the process for this reason, if there is none yet."""
        if not self._is_stopping and not self.failure.done():
            self.failure.set_exception(error)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        self.fail(error or Ended(task.get_name()))

    async def stop(self) -> None:
        """End the long-lived tasks; from now on nothing is a failure any more."""
        self._is_stopping = True
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.failure.done():
            self.failure.exception()  # said already, or about to be; not a second time by asyncio


class Tasks(Generic[Key]):
    """Short-lived tasks of one part, at most one a key, which is free again when its task has done its last step."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks: dict[Key, asyncio.Task[None]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

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
        self._tasks[key] = asyncio.create_task(self._run(key, work, then), name=name)

    async def _run(
        self, key: Key, work: Callable[[], Awaitable[Result]], then: Callable[[Result], object] | None
    ) -> None:
        try:
            result = await work()
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for the end of the process
            self._failed(error)
            return
        finally:
            self._tasks.pop(key, None)
        if then is not None:
            then(result)

    async def drain(self, timeout_s: float) -> None:
        """Wait until no task is left, those that begin meanwhile included, but `timeout_s` seconds at most."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while self._tasks and (left_s := deadline - loop.time()) > 0:
            await asyncio.wait(set(self._tasks.values()), timeout=left_s)

    async def end(self, timeout_s: float = 0) -> None:
        """Give the tasks that are at work `timeout_s` seconds, then cancel them."""
        tasks = set(self._tasks.values())
        if tasks and timeout_s > 0:
            await asyncio.wait(tasks, timeout=timeout_s)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
