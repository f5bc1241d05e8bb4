"""Processes of `polar` that load nothing: they are forks of one that has loaded everything, see `tests/loaded.py`."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.house import CHECKOUT
from tests.loaded import Order


class Fork:
    """A process, to be used as one of asyncio's."""

    def __init__(self, loaded: Loaded, pid: int) -> None:
        self._loaded, self.pid = loaded, pid
        self._descriptor = os.pidfd_open(pid)
        self._status: int | None = None

    @property
    def returncode(self) -> int | None:
        """Its status, minus a signal's number where one ended it; None while it runs."""
        if self._status is None and _is_readable(self._descriptor):
            os.close(self._descriptor)
            self._status = self._loaded.order(ended=self.pid)
        return self._status

    async def wait(self) -> int:
        """Its status, once it has ended."""
        while (status := self.returncode) is None:
            await _readable(self._descriptor)
        return status

    def send_signal(self, number: int, /) -> None:
        """Nothing where it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Loaded:
    """The process that forks; it ends with ours, however that ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.loaded"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,
            text=True,
        )
        atexit.register(self._process.communicate)

    def order(self, **order: Any) -> int:
        """The number that it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def fork(self, variables: Mapping[str, str], log: Path) -> Fork:
        """`polar run` with these variables of the environment and no others."""
        return self.call(("run",), variables, log)

    def call(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, str],
        log: Path,
        *,
        folder: Path | None = None,
        typed: Path = Path(os.devnull),
    ) -> Fork:
        """A command of `polar`: in the checkout, or as where Polar is installed and that folder is the current one."""
        order = Order(
            arguments=[*arguments],
            variables=dict(variables),
            folder="" if folder is None else str(folder),
            typed=str(typed),
            log=str(log),
        )
        return Fork(self, self.order(**order))


@cache
def loaded() -> Loaded:
    """The one of this process."""
    return Loaded()


def _is_readable(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


async def _readable(descriptor: int) -> None:
    """Wait for it on a descriptor of its own, as several may wait."""
    loop, own = asyncio.get_running_loop(), os.dup(descriptor)
    ready = asyncio.Event()
    loop.add_reader(own, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(own)
        os.close(own)
