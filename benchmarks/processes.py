"""A process of a measurement: what it prints, what it is told, and how much memory it has."""

from __future__ import annotations

import json
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from bot.home import ROOT

TIME_LIMIT_S = 900
LOOK_AGAIN_S = 0.2


class ProcessEnded(Exception):
    """A process ended, or was silent for too long; the message is the end of its log."""


class Memory(NamedTuple):
    """What a process has, and the most that it had, in MiB."""

    resident_mib: float
    peak_mib: float


class Process:
    """Runs while it is entered; each line that it prints is a pair of a name and a value, as JSON."""

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None, patience_s: float = 0
    ) -> None:
        self._command = command
        self._log = log
        self._environment = environment
        self._patience_s = patience_s
        self._printed: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self.started_ns = 0

    def __enter__(self) -> Self:
        """Start it."""
        with self._log.open("w") as log:
            self.started_ns = time.monotonic_ns()
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environment, text=True, stderr=log,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        self._reading = threading.Thread(target=self._read)
        self._reading.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask it to end, and end it where it does not."""
        self.stop()

    def stop(self) -> None:
        """Ask it to end, and end it where it does not."""
        assert self._process.stdin is not None
        if self._patience_s:
            self._process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self._patience_s)
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._reading.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as printed:
            for line in printed:
                self._printed.put(tuple(json.loads(line)))

    def expect(self, name: str, *also: Process) -> Any:
        """The value that it prints with this name; it must go on running until then, and so must these."""
        end = time.monotonic() + TIME_LIMIT_S
        while time.monotonic() < end:
            try:
                printed, value = self._printed.get(timeout=LOOK_AGAIN_S)
            except queue.Empty:
                for process in (self, *also):
                    process.check()
            else:
                if printed == name:
                    return value
        raise ProcessEnded(f"no {name!r} within {TIME_LIMIT_S} s\n{self._end_of_log()}")

    def left_behind(self, name: str) -> Any:
        """The value that it printed as it ended."""
        printed: dict[str, Any] = {}
        while not self._printed.empty():
            printed.update([self._printed.get()])
        if name not in printed:
            raise ProcessEnded(self._end_of_log())
        return printed[name]

    def tell(self, value: object) -> None:
        """Write a line of JSON to its input."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()

    def check(self) -> None:
        """Raise ProcessEnded if it does not run any more."""
        if self._process.poll() is not None:
            raise ProcessEnded(self._end_of_log())

    def memory(self) -> Memory:
        """What it has now."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines if line.startswith("Vm"))
        resident, peak = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
        return Memory(resident, peak)

    def _end_of_log(self) -> str:
        return f"{' '.join(self._command)[:200]}\n{self._log.read_text()[-3000:]}"
